"""When each thing of the demonstration happens, counted from the day it is loaded."""

from dataclasses import dataclass
from datetime import date, timedelta

from procurement.agreements.rules import LONGEST_MONTHS, months_later


@dataclass(frozen=True, slots=True)
class Timetable:
    """The days of the story: one campaign that is over, one that members answer today."""

    today: date

    def _before(self, days: int) -> date:
        return self.today - timedelta(days=days)

    @property
    def surveyed_from(self) -> date:
        """First day of the campaign that is over."""
        return self._before(240)

    @property
    def surveyed_until(self) -> date:
        """Last day of the campaign that is over."""
        return self._before(196)

    @property
    def frozen(self) -> date:
        """The day on which the lots are frozen."""
        return self._before(186)

    @property
    def launched(self) -> date:
        """The day on which the tenders are launched."""
        return self._before(180)

    @property
    def answers_by(self) -> date:
        """Last day for the firms to answer."""
        return self._before(145)

    @property
    def awarded(self) -> date:
        """The day of the awards."""
        return self._before(125)

    @property
    def notified(self) -> date:
        """The day on which the agreements are notified."""
        return self._before(110)

    @property
    def starts(self) -> date:
        """First day of the agreements."""
        return self._before(105)

    @property
    def ends(self) -> date:
        """Last day of the agreements: 48 months, no day more (L2125-1)."""
        return months_later(self.starts, LONGEST_MONTHS) - timedelta(days=1)

    @property
    def pooled_from(self) -> date:
        """First day of the campaign whose needs are being pooled."""
        return self._before(80)

    @property
    def pooled_until(self) -> date:
        """Last day of the campaign whose needs are being pooled."""
        return self._before(24)

    @property
    def next_launch(self) -> date:
        """The day on which its tenders are to be launched."""
        return self.today + timedelta(days=30)

    @property
    def mandated(self) -> date:
        """The day on which two communes mandate their intercommunality."""
        return self._before(40)

    @property
    def opens(self) -> date:
        """First day of the campaign that members answer today."""
        return self._before(14)

    @property
    def reminded(self) -> date:
        """The day on which the buyer reminds those who have not answered."""
        return self._before(2)

    @property
    def closes(self) -> date:
        """Last day of the campaign that members answer today."""
        return self.today + timedelta(days=35)
