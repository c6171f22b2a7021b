// What workers that breed lists of tasks have in common.
#pragma once

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "search/project/decoder.hpp"
#include "search/project/population.hpp"

namespace headway::search::project {

// A list of all tasks, the keys that it is sorted by, and the plan made of it.
class ListWorker {
protected:
    // Lists keep to `forward`, and reversed ones to `backward`.
    ListWorker(const Project& work, const Network& forward, const Network& backward)
        : work_(&work),
          forward_(&forward),
          backward_(&backward),
          sorter_(work),
          key_(static_cast<std::size_t>(work.n_tasks())),
          order_(key_.size()) {
        std::iota(order_.begin(), order_.end(), Index{0});
        child_.plan = {key_, order_};
        trial_.plan = {key_, order_};
    }

    void sort() { sorter_.sort(*forward_, key_, order_); }

    // Moves all tasks of the child to the right and back to the left; true if it became better.
    // to_right(turn, plan) and to_left(member) make plans of the list.
    template <class ToRight, class ToLeft>
    bool improve_by(ToRight&& to_right, ToLeft&& to_left) {
        trial_.plan.mode = child_.plan.mode;
        const Time turn = child_.plan.makespan;
        for (std::size_t i = 0; i < key_.size(); ++i) {
            key_[i] = turn - child_.plan.start[i] - work_->duration(child_.plan.mode[i]);
        }
        std::ranges::reverse(order_);
        sorter_.sort(*backward_, key_, order_);
        if (!to_right(turn, trial_.plan)) {
            return false;
        }
        key_ = trial_.plan.start;
        const Int rightmost = std::accumulate(key_.begin(), key_.end(), Int{0});
        std::ranges::reverse(order_);
        sort();
        if (!to_left(trial_) || trial_.value > child_.value) {
            return false;
        }
        const auto& start = trial_.plan.start;
        trial_.slack = rightmost - std::accumulate(start.begin(), start.end(), Int{0});
        const bool better = trial_.value < child_.value;
        std::swap(child_, trial_);
        return better;
    }

private:
    const Project* work_;
    const Network* forward_;
    const Network* backward_;
    Sorter sorter_;

protected:
    std::vector<Time> key_;
    std::vector<Index> order_;
    Member child_, trial_;
};

}  // namespace headway::search::project
