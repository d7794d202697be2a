"""How the catalogue is searched."""

from procurement.members.rules import plain

#: Longer questions are not typed by people.
MOST_WORDS = 8


def search_text(code: str, designation: str, specification: str) -> str:
    """What an item is searched by."""
    return plain(f"{code} {designation} {specification}")


def words(question: str) -> list[str]:
    """The words that must all be found, without a plural's final s or x."""
    found = plain(question).split()[:MOST_WORDS]
    return [one[:-1] if len(one) > 3 and one[-1] in "sx" else one for one in found]
