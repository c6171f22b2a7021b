#include "search/job_shop/neighbourhood.hpp"

#include <algorithm>

namespace headway::search::job_shop {

Block::Block(Index largest)
    : task_(at(largest)),
      head_(at(largest)),
      tail_(at(largest)),
      ready_(at(largest)),
      rest_(at(largest)),
      duration_(at(largest)),
      new_head_(at(largest)) {}

void Block::load(const Orientation& orientation, std::span<const Index> tasks, bool opens,
                 bool closes) {
    size_ = static_cast<Index>(tasks.size());
    opens_ = opens;
    closes_ = closes;
    for (std::size_t k = 0; k < tasks.size(); ++k) {
        const Node& node = orientation.node(tasks[k]);
        task_[k] = tasks[k];
        head_[k] = node.head;
        tail_[k] = node.tail;
        ready_[k] = node.ready;
        rest_[k] = node.rest;
        duration_[k] = node.duration;
    }
    const Node& left = orientation.node(orientation.node(tasks.front()).left);
    free_ = left.head + left.duration;
    after_ = orientation.node(orientation.node(tasks.back()).right).tail;
}

Time Block::behind(Index i, Index j, Time limit) {
    Time time = i > 0 ? head_[at(i - 1)] + duration_[at(i - 1)] : free_;
    for (Index x = i + 1; x <= j; ++x) {
        time = std::max(ready_[at(x)], time);
        new_head_[at(x)] = time;
        time += duration_[at(x)];
    }
    Time tail = j < size_ - 1 ? tail_[at(j + 1)] : after_;
    tail = std::max(rest_[at(i)], duration_[at(i)] + tail);
    Time longest = std::max(ready_[at(i)], time) + tail;
    for (Index x = j; x > i && longest <= limit; --x) {
        tail = std::max(rest_[at(x)], duration_[at(x)] + tail);
        longest = std::max(longest, new_head_[at(x)] + tail);
    }
    return longest;
}

Time Block::before(Index i, Index j, Time limit) {
    Time time = std::max(ready_[at(j)], i > 0 ? head_[at(i - 1)] + duration_[at(i - 1)] : free_);
    const Time head = time;
    time += duration_[at(j)];
    for (Index x = i; x < j; ++x) {
        time = std::max(ready_[at(x)], time);
        new_head_[at(x)] = time;
        time += duration_[at(x)];
    }
    Time tail = j < size_ - 1 ? tail_[at(j + 1)] : after_;
    Time longest = 0;
    for (Index x = j - 1; x >= i && longest <= limit; --x) {
        tail = std::max(rest_[at(x)], duration_[at(x)] + tail);
        longest = std::max(longest, new_head_[at(x)] + tail);
    }
    return std::max(longest, head + std::max(rest_[at(j)], duration_[at(j)] + tail));
}

}  // namespace headway::search::job_shop
