// A flexible job shop in the wide sense: what stays the same during the search.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base.hpp"
#include "search/relations.hpp"

namespace headway::search::flexible {

using Index = std::int32_t;  // of a task, a mode or a machine
using Time = Int;

// A way to do a task: on one machine, or on none (ABSENT).
struct Mode {
    Time duration;
    Time release;  // earliest start
    Index machine;
};

// Columns as Python hands them over. Modes are grouped by task, those of task i are
// mode_ptr[i] to mode_ptr[i + 1] - 1.
struct ShopTables {
    Ints mode_ptr;
    Ints machine, duration, release;
    Ints before, after, lag;
    Flags from_end;
};

// Tasks with one mode or several, and minimum lags that form no cycle. Jobs are chains of such
// lags, but any acyclic graph will do.
class Shop {
public:
    // Throws std::invalid_argument or std::out_of_range if the tables do not fit together, if a
    // number is negative, or if the relations form a cycle. A lag from an end may be negative as
    // long as no task starts before one that it waits for.
    explicit Shop(const ShopTables& tables);

    Index n_tasks() const { return static_cast<Index>(first_mode_.size()) - 1; }
    Index n_modes() const { return static_cast<Index>(modes_.size()); }
    Index n_machines() const { return n_machines_; }
    Index first_mode(Index task) const { return first_mode_[at(task)]; }
    Index end_mode(Index task) const { return first_mode_[at(task) + 1]; }
    bool has_choice(Index task) const { return end_mode(task) - first_mode(task) > 1; }
    const Mode& mode(Index mode) const { return modes_[at(mode)]; }
    // What a mode takes of the machines' time, dear machines counting up to PRICE times.
    Time cost(Index mode) const { return cost_[at(mode)]; }
    static constexpr Time PRICE = 1024;
    // Whether some task takes longer on one machine than on another.
    bool has_fast_machines() const { return has_fast_machines_; }
    Time shortest(Index task) const { return shortest_[at(task)]; }

    std::span<const Link> before(Index task) const { return before_[task]; }
    std::span<const Link> after(Index task) const { return after_[task]; }

    // Every task behind its predecessors.
    std::span<const Index> forward() const { return forward_; }
    // Least time from the start of a task to the end of all work, by relations alone.
    Time tail(Index task) const { return tail_[at(task)]; }

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    void measure();
    void weigh();

    std::vector<Index> first_mode_;
    std::vector<Mode> modes_;
    Grouped<Link> before_, after_;
    std::vector<Index> forward_;
    std::vector<Time> shortest_, tail_, cost_;
    Index n_machines_ = 0;
    bool has_fast_machines_ = false;
};

// A solution: all tasks in an order that respects the relations and that each machine keeps to,
// and the mode of each task.
struct Plan {
    Time value = std::numeric_limits<Time>::max();
    std::vector<Index> order, mode;
};

}  // namespace headway::search::flexible
