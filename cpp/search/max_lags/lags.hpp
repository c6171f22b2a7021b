// Projects whose tasks start neither too soon nor too late after one another.
#pragma once

#include <vector>

#include "search/project/project.hpp"

namespace headway::search::max_lags {

using project::Index;
using project::LONGEST;
using project::Time;

// No path leads from one task to another one; sums of this and some times still fit.
inline constexpr Time NO_PATH = -(Time{1} << 30);

// Columns as Python hands them over, as in project::ProjectTables with one mode per task. Task
// `after` starts at least `lag`, which may be negative, after `before` starts.
struct LagTables {
    Ints duration, release;
    Ints need_ptr, need_resource, need_amount;
    Ints step_ptr, step_time, step_capacity;
    Ints before, after, lag;
};

class LagProject {
public:
    // Throws std::invalid_argument or std::out_of_range if the tables do not fit together or if
    // the lags contradict one another.
    explicit LagProject(const LagTables& tables);

    // Tasks and what they share, without any relation.
    const project::Project& work() const { return work_; }
    Index n_tasks() const { return work_.n_tasks(); }
    Time duration(Index task) const { return work_.duration(task); }

    // How long after the start of that task each other one starts at least, or NO_PATH; and how
    // long before the start of that task.
    const Time* behind(Index task) const { return path_.data() + at(task) * at(n_tasks()); }
    const Time* ahead(Index task) const { return reverse_.data() + at(task) * at(n_tasks()); }

    // Which tasks come first: i before j if j has to start later, or not earlier while i may
    // start earlier. Without what follows from the rest; and the same with time reversed.
    const project::Network& forward() const { return forward_; }
    const project::Network& backward() const { return backward_; }

    // Earliest starts, and least times from the start of a task to the end of all work.
    const std::vector<Time>& head() const { return head_; }
    const std::vector<Time>& tail() const { return tail_; }
    // Tasks that bind one another, both ways, have the same number: that of one of them.
    Index component(Index task) const { return component_[at(task)]; }

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

    void close(const LagTables& tables);
    void arrange();

    project::Project work_;
    std::vector<Time> path_, reverse_, head_, tail_;
    std::vector<Index> component_;
    project::Network forward_, backward_;
};

}  // namespace headway::search::max_lags
