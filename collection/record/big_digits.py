"""Numbers that are read from the back seat."""

_GLYPHS = {
    "0": "### # # # # # # ###",
    "1": " #  ##   #   #  ###",
    "2": "###   # ### #   ###",
    "3": "###   #  ##   # ###",
    "4": "# # # # ###   #   #",
    "5": "### #   ###   # ###",
    "6": "### #   ### # # ###",
    "7": "###   #   #   #   #",
    "8": "### # # ### # # ###",
    "9": "### # # ###   # ###",
    "%": "# #   #  #  #   # #",
    "-": "        ###        ",
}
_ROWS = 5


def big_text(text: str, *, cell_columns: int = 2, cell_rows: int = 1) -> list[str]:
    """Draw digits, ``:``, ``%`` and ``-`` with blocks.

    Parameters
    ----------
    text
        What to draw.
    cell_columns, cell_rows
        Size of one dot of a digit of 3 × 5 dots, in characters.

    Returns
    -------
    list of str
        Lines of the same length.
    """
    rows = [""] * _ROWS
    for sign in text:
        dots = _dots(sign)
        for row in range(_ROWS):
            rows[row] += "".join(("█" if dot else " ") * cell_columns for dot in dots[row]) + " "
    return [row[:-1] for row in rows for _ in range(cell_rows)]


def _dots(sign: str) -> list[list[bool]]:
    if sign == ":":
        return [[False], [True], [False], [True], [False]]
    pattern = _GLYPHS.get(sign, " " * 19)
    return [[pattern[4 * row + column] == "#" for column in range(3)] for row in range(_ROWS)]
