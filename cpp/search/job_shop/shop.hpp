// A job shop in the wide sense: what stays the same during the search.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base.hpp"
#include "search/job_shop/calendar.hpp"
#include "search/relations.hpp"

namespace headway::search::job_shop {

using Index = std::int32_t;  // of a task or a machine

// Columns as Python hands them over. `machine` is ABSENT for a task that needs none; each relation
// says start[after] >= start[before] + lag, or end[before] + lag where `from_end` is set. Tasks for
// which `pauses` is set go on after breaks of their machine.
struct ShopTables {
    Ints machine, duration, release;
    Flags pauses;
    Ints before, after, lag;
    Flags from_end;
    Ints break_machine, break_start, break_end;
};

// Tasks on at most one machine each, with release times and lags that form no cycle. Jobs are chains
// of such lags, but any acyclic graph will do.
class Shop {
public:
    // Throws std::invalid_argument or std::out_of_range if the tables do not fit together, if a
    // number is negative, or if the relations form a cycle.
    explicit Shop(const ShopTables& tables);

    Index n_tasks() const { return static_cast<Index>(machine_.size()); }
    Index n_machines() const { return n_machines_; }
    Index machine(Index task) const { return machine_[at(task)]; }
    Time duration(Index task) const { return duration_[at(task)]; }
    Time release(Index task) const { return release_[at(task)]; }

    // Whether machines rest at times; if not, no calendar need be looked at.
    bool has_breaks() const { return has_breaks_; }
    const Calendar& calendar(Index task) const {
        return calendars_[at(machine_[at(task)] + 1)];
    }
    bool pauses(Index task) const { return pauses_[at(task)] != 0; }
    // When a task starts and ends if it may start from a time on.
    struct Stay {
        Time start, end;
    };
    Stay stay(Index task, Time time) const {
        const Time length = duration(task);
        if (!has_breaks_) {
            return {time, time + length};
        }
        const Calendar& when = calendar(task);
        const Time start = when.start(time, length, pauses(task));
        return {start, when.end(start, length, pauses(task))};
    }

    std::span<const Link> before(Index task) const { return before_[task]; }
    std::span<const Link> after(Index task) const { return after_[task]; }

    // Every task behind its predecessors.
    std::span<const Index> forward() const { return forward_; }
    // Least time from the start of a task to the end of all work, by relations alone.
    Time tail(Index task) const { return tail_[at(task)]; }
    // No path leads from a task to another in less time than this.
    Time step(Index task) const { return step_[at(task)]; }
    // The place of a task among those of its machine, by position.
    Index slot(Index task) const { return slot_[at(task)]; }
    // Most tasks on one machine.
    Index crowd() const { return crowd_; }

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    void measure();
    void rest(const ShopTables& tables);

    std::vector<Index> machine_;
    std::vector<Time> duration_, release_;
    Grouped<Link> before_, after_;
    std::vector<Index> forward_, slot_;
    std::vector<Time> tail_, step_;
    std::vector<std::uint8_t> pauses_;
    std::vector<Calendar> calendars_;  // the first one for tasks without a machine
    Index n_machines_ = 0;
    Index crowd_ = 0;
    bool has_breaks_ = false;
};

// A solution: all tasks in an order that respects the relations and that each machine keeps to.
struct Plan {
    Time value = std::numeric_limits<Time>::max();
    std::vector<Index> order;
};

}  // namespace headway::search::job_shop
