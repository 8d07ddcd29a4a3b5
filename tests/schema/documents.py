"""GraphQL documents to try the limits with: fragments that double, and documents of any shape."""

from hypothesis import strategies as st

FIELDS = st.sampled_from(["a", "b", "types", "edges", "nodes", "x: a", "y: edges", "__typename"])
ARGUMENTS = st.sampled_from(["", "", "(first: 3)", "(last: 0)", "(limit: $n)", "(first: $m)"])


def doubling(times: int, spread: str = "x {{ ...f{0} ...f{0} }}") -> str:
    """Return a chain of ``times`` fragments that each ``spread`` the next, twice by default."""
    fragments = [f"fragment f{i} on Query {{ {spread.format(i + 1)} }}" for i in range(times)]
    return "{ ...f0 }" + "".join(fragments) + f"fragment f{times} on Query {{ a: y }}"


def selections(fragments: list[str]) -> st.SearchStrategy[str]:
    """Make the inside of a selection set, which may spread ``fragments``."""
    leaves = st.builds(str.__add__, FIELDS, ARGUMENTS)
    if fragments:
        leaves |= st.sampled_from(fragments).map("...{}".format)

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        several = st.lists(inner, min_size=1, max_size=3).map(" ".join)
        nested = st.builds("{}{} {{ {} }}".format, FIELDS, ARGUMENTS, several)
        return several | nested | st.builds("... on T {{ {} }}".format, several)

    return st.recursive(leaves, grown, max_leaves=6)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Make a document with the variables ``$n`` and ``$m`` and fragments without cycles."""
    names = [f"f{i}" for i in range(draw(st.integers(0, 4)))]
    fragments = [
        f"fragment {name} on T {{ {draw(selections(names[i + 1 :]))} }}"
        for i, name in enumerate(names)
    ]
    root = draw(selections(names))
    return " ".join([f"query ($n: Int, $m: Int = 4) {{ root: top {{ {root} }} }}", *fragments])
