"""Right and wrong answers to the exercises of lesson 07."""

BEFORE = "import io, ipaddress\nfrom urllib.parse import urlsplit"
INSIDE = """def leads_inside(address, numbers_of):
    parts = urlsplit(address)
"""
EXERCISES = {
    1: {
        "right": [
            """def read_at_most(file, limit):
    pieces, size = [], 0
    while piece := file.read(limit + 1 - size):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            return None
    return b"".join(pieces)""",
            """def read_at_most(file, limit):
    data = bytearray()
    while len(data) <= limit and (piece := file.read(1)):
        data += piece
    return bytes(data) if len(data) <= limit else None""",
        ],
        "wrong": [
            """def read_at_most(file, limit):
    data = file.read(limit + 1)
    return data if len(data) <= limit else None""",
            """def read_at_most(file, limit):
    data = file.read()
    return data if len(data) <= limit else None""",
            """def read_at_most(file, limit):
    data = b""
    while piece := file.read(limit + 1):
        data += piece
    return data if len(data) <= limit else None""",
            """def read_at_most(file, limit):
    data = b""
    while len(data) < limit and (piece := file.read(limit - len(data))):
        data += piece
    return data""",
        ],
    },
    2: {
        "right": [
            INSIDE
            + """    if parts.scheme not in ("http", "https"):
        return True
    found = [ipaddress.ip_address(number) for number in numbers_of(parts.hostname)]
    return not found or any(not number.is_global for number in found)""",
            INSIDE
            + """    numbers = numbers_of(parts.hostname) if parts.scheme.startswith("http") else []
    public = [number for number in numbers if ipaddress.ip_address(number).is_global]
    return public != numbers or numbers == []""",
        ],
        "wrong": [
            INSIDE
            + """    numbers = numbers_of(parts.hostname)
    return not all(ipaddress.ip_address(number).is_global for number in numbers)""",
            INSIDE
            + """    numbers = numbers_of(parts.hostname) if "http" in parts.scheme else []
    return not any(ipaddress.ip_address(number).is_global for number in numbers)""",
            INSIDE
            + """    numbers = numbers_of(parts.hostname)
    return not numbers or not ipaddress.ip_address(numbers[0]).is_global""",
            INSIDE + "    return parts.hostname in ('localhost', '127.0.0.1', '::1')",
        ],
    },
    3: {
        "right": [
            """def torn(probabilities):
    ordered = sorted(probabilities)
    return len(ordered) > 1 and ordered[-2] >= ordered[-1] / 2""",
            """def torn(probabilities):
    most = max(probabilities, default=0)
    return sum(one >= most / 2 for one in probabilities) > 1""",
        ],
        "wrong": [
            """def torn(probabilities):
    return len(probabilities) > 1 and probabilities[1] >= probabilities[0] / 2""",
            "def torn(probabilities):\n    return len(probabilities) > 1",
            """def torn(probabilities):
    ordered = sorted([*probabilities, 0, 0])
    return ordered[1] >= ordered[0] / 2""",
        ],
    },
    4: {
        "right": [
            """def remember(lines, line):
    rest = [other for other in lines if other != line]
    return ([line] + rest)[:3]""",
            """def remember(lines, line):
    return list(dict.fromkeys([line, *lines]))[:3]""",
        ],
        "wrong": [
            "def remember(lines, line):\n    return [line, *lines][:3]",
            "def remember(lines, line):\n    return [*lines, line][-3:]",
            "def remember(lines, line):\n    return list(dict.fromkeys([line, *lines]))",
            """def remember(lines, line):
    if line in lines:
        lines.remove(line)
    lines.insert(0, line)
    return lines[:3]""",
        ],
    },
}
