// A project as the search sees it: tasks with modes, shared resources, budgets, minimum lags.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base.hpp"
#include "grouped.hpp"

namespace headway::search::project {

using Index = std::int32_t;  // of a task, a mode or a resource
using Time = std::int32_t;
using Word = std::uint64_t;  // amounts of several resources side by side

// No schedule that the search looks at is longer; sums of a few such times still fit.
inline constexpr Time LONGEST = Time{1} << 28;

// What a task waits for: its start (or end, if `to_end` is all ones) is at least `lag` after the
// end (or start, if `from_start` is all ones) of `task`.
struct Link {
    Index task;
    Time lag;
    Time from_start;  // a mask, 0 or -1
    Time to_end;      // a mask, 0 or -1
};

// The links of every task.
using Network = Grouped<Link>;

// Columns as Python hands them over. Modes are grouped by task and resources are numbered from 0:
// those that are shared over time, and budgets. The capacity of shared resource r is
// step_capacity[k] from step_time[k] on, for k in its row; each row begins at time 0.
struct ProjectTables {
    Ints mode_ptr, duration, release;
    Ints need_ptr, need_resource, need_amount;
    Ints spend_ptr, spend_budget, spend_amount;
    Ints budget;
    Ints step_ptr, step_time, step_capacity;
    Ints before, after, lag;
    Flags from_end, to_end;
};

// The capacities of all shared resources from some time on.
struct Step {
    Time time;
    std::size_t word;  // position of its words
};

class Project {
public:
    // Throws std::invalid_argument or std::out_of_range if the tables do not fit together, if the
    // relations form a cycle, or if a mode can never run.
    explicit Project(const ProjectTables& tables);

    Index n_tasks() const { return static_cast<Index>(release_.size()); }
    Index n_modes() const { return static_cast<Index>(duration_.size()); }
    Index first_mode(Index task) const { return mode_ptr_[at(task)]; }
    Index end_mode(Index task) const { return mode_ptr_[at(task) + 1]; }
    bool multi_mode() const { return n_modes() > n_tasks(); }
    Time duration(Index mode) const { return duration_[at(mode)]; }
    Time release(Index task) const { return release_[at(task)]; }

    // Amounts are kept side by side in words. Each resource has so many bits that its capacity
    // leaves the highest one free: with that bit set in what is left, a subtraction of what is
    // needed clears it exactly if there is too little.
    std::size_t n_words() const { return guard_.size(); }
    const Word* guard() const { return guard_.data(); }
    const Word* need(Index mode) const { return need_.data() + at(mode) * n_words(); }
    // Capacities over time, guards set; the first step is at time 0.
    std::span<const Step> steps() const { return steps_; }
    const Word* words(const Step& step) const { return step_words_.data() + step.word; }
    bool constant() const { return steps_.size() == 1; }

    std::size_t n_budgets() const { return budget_.size(); }
    Int budget(std::size_t b) const { return budget_[b]; }
    const Int* spending(Index mode) const { return spending_.data() + at(mode) * n_budgets(); }

    // What tasks wait for, and the same with time reversed, where starts and ends change roles.
    const Network& forward() const { return forward_; }
    const Network& backward() const { return backward_; }
    // Tasks, each behind what it waits for.
    std::span<const Index> order() const { return order_; }
    // An upper bound on all times in schedules without needless waiting.
    Time horizon() const { return horizon_; }
    // Least time from the start of a task to the end of all work.
    Time tail(Index task) const { return tail_[at(task)]; }

    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

private:
    void pack(const ProjectTables& tables);
    void connect(const ProjectTables& tables);
    void measure(const ProjectTables& tables);

    std::vector<Index> mode_ptr_;
    std::vector<Time> duration_, release_;
    std::vector<Word> guard_, need_, step_words_;
    std::vector<Step> steps_;
    std::vector<Int> budget_, spending_;
    Network forward_, backward_;
    std::vector<Index> order_;
    std::vector<Time> tail_;
    Time horizon_ = 0;
};

}  // namespace headway::search::project
