// What stays the same from one generated schedule to the next: who is present, how tasks bound one
// another, which tasks are tied together and must be placed as one unit.
#pragma once

#include <array>
#include <utility>
#include <vector>

#include "grouped.hpp"
#include "model/calendar.hpp"
#include "model/problem.hpp"

namespace headway {

// Choices made before any time is set.
struct Decisions {
    Flags present;       // per task
    Flags open;          // per mode: whether it may be chosen at all
    Ints conflict_ptr;   // per mode: modes of present tasks that exclude it
    Ints conflict;
    Ints budget_mode;    // per task: a mode such that all budgets hold if everyone takes theirs
    Ints mode_penalty;   // per mode: ticks of lateness that avoiding it is worth
};

// point(to) >= point(from) + lag, where a point is a start or an end.
struct Bound {
    Int from;
    Int to;
    Int lag;
    bool from_end;
    bool to_end;
    bool transfer;  // the transfer time between the two modes adds to the lag
};

// A task in a row of tasks that keep one order on two machines.
struct Membership {
    Int row;
    Int item;
    Int side;     // 0 on the first machine, 1 on the second
    Int machine;
    Int as_well;  // the other machine if the item is one task on both, or ABSENT
};

using TaskPair = std::pair<Int, Int>;

// The second ones of pairs, by the first ones.
Grouped<Int> seconds_by_first(Int n, const std::vector<TaskPair>& pairs);

// Tasks tied by maximum lags, by blocking, or as neighbours: placed together, in this order.
struct Unit {
    std::vector<Int> tasks;
    bool simple;        // one task without a bound on itself
    bool contradictory; // the bounds inside cannot all hold
    Int gate;           // which of the gates it must pass, or ABSENT
};

// Per mode the machines that it needs. While each mode has a machine that is busy, no unit behind
// the gate can start, and nobody needs to ask.
using Gate = std::vector<std::vector<Int>>;

class Network {
public:
    Network(const ProblemView& problem, const Decisions& decisions);

    const ProblemView& problem() const { return problem_; }
    const Decisions& decisions() const { return decisions_; }
    Int n_tasks() const { return problem_.n_tasks(); }
    bool present(Int task) const { return decisions_.present[static_cast<std::size_t>(task)]; }

    // Window of a task, release dates, deadlines and the horizon included.
    std::vector<Int> start_min, start_max, end_min, end_max;

    Grouped<Bound> bounds_into;   // by `to`, those from itself left out
    Grouped<Bound> bounds_out_of; // by `from`
    Grouped<Int> held_until;      // by task: those that keep their resources until it starts
    Grouped<Int> directly_after;  // by task: those that it must follow as neighbours
    Grouped<Int> directly_before;
    Grouped<Membership> memberships;
    std::vector<std::vector<std::array<Int, 2>>> rows;  // per row: the two tasks of each item

    std::vector<Unit> units;
    std::vector<Int> unit_of;      // ABSENT for tasks left out
    Grouped<Int> unit_successors;  // one entry per bound between two units
    std::vector<Int> unit_waits;   // how many bounds lead into each unit
    std::vector<Gate> gates;

    // The breaks in which a mode pauses (interruptible tasks), all its resources together.
    Calendar pauses(Int mode) const;
    Calendar breaks(Int resource) const;

    // From then on no break begins or ends, no capacity changes and no window opens.
    Int quiet_from = 0;

private:
    void read_windows();
    void read_bounds();
    void read_ties();
    void read_rows();
    void merge_breaks();
    void form_units();
    void order_unit(Unit& unit) const;
    void form_gates();

    ProblemView problem_;
    Decisions decisions_;
    std::vector<Int> pauses_of_;  // per mode: position in pause_ptr_, or ABSENT
    std::vector<Int> pause_ptr_, pause_start_, pause_end_;
};

}  // namespace headway
