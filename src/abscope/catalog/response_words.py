"""What change of size the words of a report stand for, and how sharp the words are."""

from abscope.catalog.entries import Parameter, load, look_up

__all__ = ["response_word"]


def response_word(name: str) -> Parameter:
    """Return one word: ``low`` to ``high`` is the change of the longest diameter (frac).

    Also ``word_edge`` and ``vanishing_edge`` (ln), ``metabolic_residue`` and ``overlooked_size``
    (mm). Raises ModelError for any other name.

    >>> response_word("partial_response").high
    -0.3
    """
    return look_up(name, entries=load("response_words"), where="catalog/response_words.toml")
