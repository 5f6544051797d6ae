"""What does a data set hold, and what was dropped? python -m helpers.datasets FOLDER"""

import argparse
import sys
from collections.abc import Sequence

from helpers.captions import KNOWN_FORMATS, CaptionFormatError
from helpers.console import print_anything, program, silence_stdout, tell
from helpers.datasets import DatasetError, describe, to_coco, to_flickr8k
from helpers.datasets.choosing import add_choices, open_chosen
from helpers.datasets.converting import refuse_existing

WRITERS = {"coco": to_coco, "flickr8k": to_flickr8k}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report of a data set, or convert it; return 1 for a user's mistake."""
    print_anything()
    options = parse_arguments(arguments)
    try:
        if options.to:
            refuse_existing(options.to[1])  # before minutes of reading, and before the report
        dataset = open_chosen(options, options.seed)
        print(describe(dataset, options.examples), flush=True)
        if options.to:
            form, target = options.to
            link = {"link": True} if options.link else {}
            print(WRITERS[form](dataset, target, **link))
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        silence_stdout()
    except (DatasetError, CaptionFormatError, OSError, TypeError) as error:
        return tell(error)
    except KeyboardInterrupt:
        return 130
    return 0


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog=program(),
        description=f"{__doc__}\n\n{KNOWN_FORMATS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("dataset", help="a folder, or mini, mini-de, flickr8k")
    add_choices(parser)
    add("--seed", type=int, default=7, help="for splits that are made")
    add("--examples", type=int, default=2, help="images whose captions are printed")
    add("--to", nargs=2, metavar=("FORMAT", "OUT"), help="coco OUT.json, or flickr8k FOLDER")
    add("--link", action="store_true", help="--to flickr8k: link the photos, don't copy them")
    options = parser.parse_args(arguments)
    if options.to and options.to[0] not in WRITERS:
        parser.error(f"--to {options.to[0]}: there is {' and '.join(WRITERS)}")
    if options.link and (not options.to or options.to[0] != "flickr8k"):
        parser.error("--link belongs to --to flickr8k")
    return options


if __name__ == "__main__":
    sys.exit(main())
