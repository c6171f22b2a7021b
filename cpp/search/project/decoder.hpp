// From lists of tasks to schedules, and from schedules to shorter ones.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "search/control.hpp"
#include "search/project/project.hpp"

namespace headway::search::project {

// When every task starts, and in which mode.
struct Plan {
    std::vector<Time> start;
    std::vector<Index> mode;
    Time makespan = LONGEST;
};

// Serial schedule generation: each task of a list in turn starts as early as it can, forwards or
// backwards in time.
class Decoder {
public:
    virtual ~Decoder() = default;

    // The quickest decoder for the project; its passes end early once `stop` is set.
    static std::unique_ptr<Decoder> make(const Project& project, const StopFlag& stop);

    // Sets the starts of a plan in its modes; `order` holds every task behind what it waits for.
    // With `choose`, each task takes the mode in which it ends first as far as budgets allow.
    // False if some task finds no place, or if the pass was stopped.
    virtual bool forward(std::span<const Index> order, bool choose, Plan& plan) = 0;
    // The same with time reversed: tasks end as late as they can, all before `turn`. The starts
    // that come out may be negative; `makespan` is the distance from the first to `turn`.
    virtual bool backward(std::span<const Index> order, bool choose, Time turn, Plan& plan) = 0;
};

// Orders of tasks that fit their relations.
class Sorter {
public:
    explicit Sorter(const Project& project);

    // All tasks by key, those of equal keys as they stand in `order`, and none before a task that
    // it waits for in that network.
    void sort(const Network& network, std::span<const Time> key, std::vector<Index>& order);

private:
    void by_key(std::span<const Time> key, std::vector<Index>& order);
    void settle(const Network& network, std::vector<Index>& order);

    std::vector<Index> count_, sorted_, stack_;
    std::vector<std::uint32_t> seen_;
    std::uint32_t stamp_ = 0;
};

}  // namespace headway::search::project
