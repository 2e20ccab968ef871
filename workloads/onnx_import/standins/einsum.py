"""Einsum of any number of operands, with ellipses and sums within one: as products of two, and sums."""

from __future__ import annotations

from string import ascii_letters

from .body import Body
from .registry import stand_in


def is_plain(b: Body) -> bool:
    """Whether it is a product of two operands: each index once in one, summed only if in both."""
    equation = b.text("equation")
    terms, arrow, result = equation.replace(" ", "").partition("->")
    parts = terms.split(",")
    if len(parts) != 2 or not arrow or "." in equation or any(len(set(p)) < len(p) for p in parts):
        return False
    return all(sum(i in p for p in parts) == 2 or i in result for i in set(terms) - {","})


@stand_in("Einsum", domain="", common=is_plain)
def einsum(b: Body) -> None:
    terms, result = _explicit(b)
    names = list(b.node.input)
    for i, (name, term) in enumerate(zip(names, terms, strict=True)):
        others = set("".join(t for j, t in enumerate(terms) if j != i)) | set(result)
        names[i], terms[i] = _summed(b, name, term, set(term) - others)
    while len(names) > 2:
        kept = set("".join(terms[2:])) | set(result)
        joint = "".join(dict.fromkeys(c for c in terms[0] + terms[1] if c in kept))
        names[:2] = [b("Einsum", *names[:2], equation=f"{terms[0]},{terms[1]}->{joint}")]
        terms[:2] = [joint]
    if len(names) == 2:
        b.give(0, b("Einsum", *names, main=True, equation=f"{terms[0]},{terms[1]}->{result}"))
        return
    name, term = _summed(b, names[0], terms[0], set(terms[0]) - set(result))
    if set(term) != set(result):
        raise b.error(f"equation {b.text('equation')!r}: its result has an index that no operand has")
    b.give(0, b.transpose(name, [term.index(c) for c in result]) if term != result else name)


def _explicit(b: Body) -> tuple[list[str], str]:
    """The terms and the result, ellipses as letters."""
    equation = b.text("equation").replace(" ", "")
    left, arrow, result = equation.partition("->")
    terms = left.split(",")
    if len(terms) != len(b.node.input):
        raise b.error(f"equation {equation!r} has {len(terms)} operands, the node {len(b.node.input)}")
    ranks = [len(b.shape(name)) for name in b.node.input]
    free = [c for c in ascii_letters if c not in equation]
    most = max((r - len(t) + 3 for t, r in zip(terms, ranks, strict=True) if "..." in t), default=0)
    if most > len(free):
        raise b.error(f"equation {equation!r}: too many dimensions")
    dots = "".join(free[:most])
    full = [
        t.replace("...", dots[most - (r - len(t) + 3) :] if r - len(t) + 3 else "")
        for t, r in zip(terms, ranks, strict=True)
    ]
    if not arrow:
        letters = "".join(full)
        result = dots + "".join(sorted(c for c in set(letters) - set(dots) if letters.count(c) == 1))
    result = result.replace("...", dots)
    for t, r in zip(full, ranks, strict=True):
        if len(t) != r or len(set(t)) < len(t):
            raise b.error(
                f"equation {equation!r}: a diagonal, or another number of dimensions than its operands"
            )
    return full, result


def _summed(b: Body, name: str, term: str, lone: set[str]) -> tuple[str, str]:
    """The operand without the indices that only it has."""
    axes = [i for i, c in enumerate(term) if c in lone]
    if not axes:
        return name, term
    if b.opset >= 13:
        made = b("ReduceSum", name, b.integers(*axes), keepdims=0)
    else:
        made = b("ReduceSum", name, axes=axes, keepdims=0)
    return made, "".join(c for c in term if c not in lone)
