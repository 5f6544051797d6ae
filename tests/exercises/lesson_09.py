"""Right and wrong answers to the exercises of lesson 09."""

BEFORE = "import re"
NAMES = r"\S.*\.(jpe?g|png|gif|webp|svg)"
EXERCISES = {
    1: {
        "right": [
            f"""def says_nothing(alt):
    whole = r"({NAMES}|[A-Z]+_\\d+|(image|photo|picture)[\\s\\d]*|[\\W\\d_]*)"
    return re.fullmatch(whole, alt, re.IGNORECASE) is not None""",
            """def says_nothing(alt):
    text = alt.strip().lower()
    if text.rpartition(".")[2] in ("jpg", "jpeg", "png", "gif", "webp", "svg"):
        return True
    letters = "".join(letter for letter in text if letter.isalpha())
    return letters in ("", "image", "photo", "picture", "img", "dsc")""",
        ],
        "wrong": [
            "def says_nothing(alt):\n    return alt.endswith('.jpg')",
            "def says_nothing(alt):\n    return '.' in alt",
            "def says_nothing(alt):\n    return len(alt) < 12",
            "def says_nothing(alt):\n    return alt.lower()[:3] in ('img', 'dsc', 'pho', 'ima')",
            "def says_nothing(alt):\n    return True",
        ],
    },
    2: {
        "right": [
            """def patience(headers, tries):
    for name, value in headers.items():
        if name.lower() == "retry-after" and value.isdigit():
            return max(1, min(60, int(value)))
    return 2 ** (tries - 1)""",
            """def patience(headers, tries):
    value = {name.title(): text for name, text in headers.items()}.get("Retry-After")
    try:
        return max(1, min(60, int(value)))
    except (TypeError, ValueError):
        return 2 ** (tries - 1)""",
        ],
        "wrong": [
            "def patience(headers, tries):\n    return 2 ** (tries - 1)",
            "def patience(headers, tries):\n"
            "    return max(1, int(headers['Retry-After'])) if 'Retry-After' in headers"
            " else 2 ** (tries - 1)",
            "def patience(headers, tries):\n"
            "    told = headers.get('Retry-After', '')\n"
            "    return min(60, max(1, int(told))) if told.isdigit() else 2 ** (tries - 1)",
            "def patience(headers, tries):\n    return 1",
        ],
    },
    3: {
        "right": [
            """def to_review(table, number):
    found = {}
    for row in table:
        if row["status"] == "ok":
            found[row["image_address"]] = float(row["confidence"])
    return sorted(found, key=found.get)[:number]""",
            """def to_review(table, number):
    rows = {(float(r["confidence"]), r["image_address"]) for r in table if r["status"] == "ok"}
    return [address for _, address in sorted(rows)][:number]""",
        ],
        "wrong": [
            """def to_review(table, number):
    rows = [row for row in table if row["status"] == "ok"]
    rows.sort(key=lambda row: row["confidence"])
    return list(dict.fromkeys(row["image_address"] for row in rows))[:number]""",
            """def to_review(table, number):
    rows = [row for row in table if row["status"] == "ok"]
    rows.sort(key=lambda row: float(row["confidence"]))
    return [row["image_address"] for row in rows[:number]]""",
            """def to_review(table, number):
    rows = [row for row in table if row["confidence"]]
    rows.sort(key=lambda row: float(row["confidence"]))
    return list(dict.fromkeys(row["image_address"] for row in rows))[:number]""",
        ],
    },
    4: {
        "right": [
            """def purpose(tag, link=False, weak=False):
    alt = (tag.get("alt") or "").strip()
    if alt and weak:
        return "weak"
    if alt:
        return "exists"
    if link:
        return "functional"
    return "describe" if "alt" not in tag else "decorative\"""",
            """def purpose(tag, link=False, weak=False):
    match (bool(tag.get("alt", "").strip()), link, "alt" in tag):
        case (True, _, _):
            return "weak" if weak else "exists"
        case (_, True, _):
            return "functional"
        case (_, _, True):
            return "decorative"
    return "describe\"""",
        ],
        "wrong": [
            """def purpose(tag, link=False, weak=False):
    if link:
        return "functional"
    if tag.get("alt"):
        return "weak" if weak else "exists"
    return "decorative" if "alt" in tag else "describe\"""",
            """def purpose(tag, link=False, weak=False):
    if tag.get("alt", "").strip():
        return "weak" if weak else "exists"
    if "alt" in tag:
        return "decorative"
    return "functional" if link else "describe\"""",
            """def purpose(tag, link=False, weak=False):
    if tag.get("alt"):
        return "exists"
    return "functional" if link else "describe\"""",
        ],
    },
}
