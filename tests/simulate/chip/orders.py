"""Every order of tasks on every element."""

from headway.simulate.chip.timetable import Timetable


def least_makespan(table: Timetable) -> int:
    """Return the least makespan that placing the remaining tasks one by one can reach."""
    if table.is_complete:
        return table.makespan
    values = []
    for task in table.ready:
        for _, start, element in table.choices(task):
            after = table.copy()
            after.place(task, element, start)
            values.append(least_makespan(after))
    return min(values)
