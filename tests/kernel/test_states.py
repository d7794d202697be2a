"""State machines: what the table of moves allows, and nothing else."""

import pytest

from procurement.kernel.errors import Refused
from procurement.needs.models import Need, NeedState


def test_an_allowed_move_returns_old_and_new() -> None:
    need = Need(state=NeedState.DRAFT)
    assert need.can_move(NeedState.SUBMITTED)
    assert need.move(NeedState.SUBMITTED) == ("draft", "submitted")
    assert need.state is NeedState.SUBMITTED


@pytest.mark.parametrize("start", list(NeedState))
@pytest.mark.parametrize("end", list(NeedState))
def test_every_other_move_is_refused_and_changes_nothing(start: NeedState, end: NeedState) -> None:
    need = Need(state=start)
    if end in Need.moves[start]:
        need.move(end)
        assert need.state is end
        return
    assert not need.can_move(end)
    with pytest.raises(Refused) as caught:
        need.move(end)
    assert caught.value.code == "illegal_move"
    assert need.state is start
