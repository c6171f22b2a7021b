// A job shop in the wide sense: what stays the same during the search.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base.hpp"

namespace headway::search::job_shop {

using Index = std::int32_t;  // of a task or a machine
using Time = Int;

// A task that starts at least `lag` after, or before, another one does.
struct Link {
    Index task;
    Time lag;
};

// Columns as Python hands them over. `machine` is ABSENT for a task that needs none; each relation
// says start[after] >= start[before] + lag.
struct ShopTables {
    Ints machine, duration, release;
    Ints before, after, lag;
};

// Tasks on at most one machine each, with release times and start-to-start lags that form no
// cycle. Jobs are chains of such lags, but any acyclic graph will do.
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

    std::span<const Link> before(Index task) const { return before_.of(task); }
    std::span<const Link> after(Index task) const { return after_.of(task); }

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
    struct Links {
        std::vector<std::size_t> ptr;
        std::vector<Link> links;

        Links(std::size_t n, Ints key, Ints other, Ints lag);
        std::span<const Link> of(Index task) const {
            return {links.data() + ptr[at(task)], links.data() + ptr[at(task) + 1]};
        }
    };

    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    void sort();
    void measure();

    std::vector<Index> machine_;
    std::vector<Time> duration_, release_;
    Links before_, after_;
    std::vector<Index> forward_, slot_;
    std::vector<Time> tail_, step_;
    Index n_machines_ = 0;
    Index crowd_ = 0;
};

}  // namespace headway::search::job_shop
