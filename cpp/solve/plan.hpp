// A schedule in the making: tasks placed so far, and the room they leave.
#pragma once

#include <vector>

#include "solve/machine.hpp"
#include "solve/mode_choice.hpp"
#include "solve/network.hpp"
#include "solve/profile.hpp"
#include "solve/same_sequence.hpp"

namespace headway {

// Why a task cannot be placed.
enum class Reason : Int {
    NONE = 0,
    WINDOW = 1,         // no room before its latest start or end
    CAPACITY = 2,       // more is needed than the resource ever has again
    BUDGET = 3,         // each open mode exceeds a budget
    MODES = 4,          // no mode agrees with the modes chosen so far
    RESERVOIR = 5,      // the level stays too low or too high
    SEQUENCE = 6,       // its turn in a common sequence never comes
    TIED = 7,           // tasks tied to one another find no place together
    CONTRADICTION = 8,  // the relations among tied tasks cannot hold
    INTERRUPTED = 9,    // the caller asked to stop
};

enum class Outcome { PLACED, LATER, WAITS, FAILS };

struct Verdict {
    Outcome outcome;
    Reason reason = Reason::NONE;  // why it waits or fails
    Int task = ABSENT;             // and which task does
    Int start = ABSENT;            // earliest start of a unit that is placed later
};

class Plan {
public:
    explicit Plan(const Network& network);

    // Places the tasks of a unit as early as they can be from `earliest` on, unless the first of
    // them would start after `latest`: then, and if they cannot be placed, all stays as it was.
    Verdict place(Int unit, Int earliest, Int latest);

    // Earliest start that the placed predecessors allow, transfer times left aside.
    Int ready(Int task) const;
    // `now` if a gate lets units pass at that time, or when it may do so next.
    Int opens(Int gate, Int now) const;
    // Tells the plan that a placed unit stays.
    void keep(Int unit);

    std::vector<Int> start, end, mode;  // ABSENT where not placed

private:
    struct Fit {
        Verdict verdict;
        Int mode = ABSENT;
        Int start = 0;
        Int end = 0;
        Int culprit = ABSENT;      // a tied task that must move
        Int culprit_start = 0;     // and its new earliest start
    };
    struct Lower {
        Int start;
        Int end;
    };

    bool placed(Int task) const { return mode[static_cast<std::size_t>(task)] >= 0; }
    Int point(Int task, bool at_end) const { return at_end ? end[task] : start[task]; }
    Lower lower_bounds(Int task) const;

    Fit best_fit(Int task) const;
    Fit fit(Int task, Int mode, Lower lower) const;
    // Where the resources of a mode would move [start, end): later starts, or why there is none.
    Fit settle(Int task, Int mode, Int start, Int end) const;
    Fit settle_on_machine(Int task, Int mode, Int machine, Int start, Int free) const;
    Int settle_on_reservoir(Int mode, Int demand, Int start, Int end) const;
    // Whether each reservoir will have the stock, or the room, at some time, as things stand.
    bool reservoirs_serve(Int mode) const;
    Lower with_transfers(Int task, Int mode, Lower lower) const;
    Int after_row_mates(Int task, Int mode, Int earliest) const;
    Int partner(std::span<const Int> partners, Int machine) const;
    // Smallest start >= `from` of work that ends at `target` or later.
    Int start_to_end_at(Int mode, Int from, Int target) const;
    bool pauses(Int mode) const;
    Int free_at(Int task, Int end) const;

    Verdict place_together(const Unit& unit, Int latest);
    void commit(Int task, const Fit& fit);
    void uncommit(Int task);
    void stay_until(Int task, Int until);
    Int clash_if_staying(Int task, Int until) const;
    // Raises the bounds of the tied tasks that the latest one pushes; the first of them in the
    // unit's order, or its size if there is none.
    std::size_t push_others(const Unit& unit, std::size_t latest);
    void raise(Int task, Int to_start, Int to_end);

    const Network* network_;
    const ProblemView* problem_;
    std::vector<Machine> machines_;      // only those that are machines are used
    std::vector<Capacity> capacities_;   // the same for renewable resources
    std::vector<Level> levels_;          // and for reservoirs
    std::vector<Int> slot_;              // per resource: its position in its vector
    std::vector<Int> free_;              // per task: when it lets go of its resources
    std::vector<Lower> lower_;           // per task: bounds that ties have raised
    std::vector<std::size_t> place_in_unit_;
    ModeChoice choice_;
    SameSequence sequences_;
    Int busy_until_ = 0;
    Int latest_raise_ = 0;
};

}  // namespace headway
