#include "search/job_shop/neighbourhood.hpp"

#include <algorithm>

namespace headway::search::job_shop {

Block::Block(Index largest, Neighbourhood neighbourhood)
    : neighbourhood_(neighbourhood),
      task_(at(largest)),
      head_(at(largest)),
      tail_(at(largest)),
      ready_(at(largest)),
      rest_(at(largest)),
      duration_(at(largest)),
      elapsed_(at(largest)),
      new_head_(at(largest)),
      pauses_(at(largest)) {
    beyond_.reserve(at(largest));
}

template <bool RIGHT>
void Block::look_beyond(const Orientation& orientation, std::span<const Index> tasks) {
    const auto next = [&](Index x) {
        return RIGHT ? orientation.node(x).right : orientation.node(x).left;
    };
    beyond_.clear();
    for (Index x = next(RIGHT ? tasks.back() : tasks.front()); x != orientation.none();
         x = next(x)) {
        const bool may_go_past = std::ranges::any_of(tasks, [&](Index task) {
            return RIGHT ? orientation.may_follow(task, x) : orientation.may_precede(task, x);
        });
        if (!may_go_past) {
            break;
        }
        beyond_.push_back(x);
    }
}

void Block::load(const Orientation& orientation, std::span<const Index> tasks, bool opens,
                 bool closes) {
    opens_ = opens;
    closes_ = closes;
    size_ = 0;
    const Shop& shop = orientation.shop();
    calendar_ = shop.has_breaks() ? &shop.calendar(tasks.front()) : nullptr;
    makespan_ = orientation.makespan();
    const auto copy = [&](Index task) {
        const Node& node = orientation.node(task);
        task_[at(size_)] = task;
        head_[at(size_)] = node.head;
        tail_[at(size_)] = node.tail;
        ready_[at(size_)] = node.ready;
        rest_[at(size_)] = node.rest;
        elapsed_[at(size_)] = node.duration;
        if (calendar_ != nullptr) {
            pauses_[at(size_)] = shop.pauses(task);
        }
        duration_[at(size_)] = calendar_ == nullptr ? node.duration : shop.duration(task);
        ++size_;
    };
    const bool beyond = neighbourhood_ == Neighbourhood::N8;
    if (beyond && !opens) {
        look_beyond<false>(orientation, tasks);
        std::for_each(beyond_.rbegin(), beyond_.rend(), copy);
    }
    first_ = size_;
    std::ranges::for_each(tasks, copy);
    last_ = size_ - 1;
    if (beyond && !closes) {
        look_beyond<true>(orientation, tasks);
        std::ranges::for_each(beyond_, copy);
    }
    const Node& left = orientation.node(orientation.node(task_[0]).left);
    free_ = left.head + left.duration;
    after_ = orientation.node(orientation.node(task_[at(size_ - 1)]).right).tail;
}

template <class Clock>
Time Block::behind(Clock clock, Index i, Index j, Time limit) {
    Time time = free_for(i);
    for (Index x = i + 1; x <= j; ++x) {
        time = clock.start(x, std::max(ready_[at(x)], time));
        new_head_[at(x)] = time;
        time = clock.end(x, time);
    }
    Time tail = j < size_ - 1 ? tail_[at(j + 1)] : after_;
    tail = std::max(rest_[at(i)], clock.tail(i, tail));
    Time longest = clock.start(i, std::max(ready_[at(i)], time)) + tail;
    for (Index x = j; x > i && longest <= limit; --x) {
        tail = std::max(rest_[at(x)], clock.tail(x, tail));
        longest = std::max(longest, new_head_[at(x)] + tail);
    }
    return longest;
}

template <class Clock>
Time Block::before(Clock clock, Index i, Index j, Time limit) {
    Time time = clock.start(j, std::max(ready_[at(j)], free_for(i)));
    const Time head = time;
    time = clock.end(j, time);
    for (Index x = i; x < j; ++x) {
        time = clock.start(x, std::max(ready_[at(x)], time));
        new_head_[at(x)] = time;
        time = clock.end(x, time);
    }
    Time tail = j < size_ - 1 ? tail_[at(j + 1)] : after_;
    Time longest = 0;
    for (Index x = j - 1; x >= i && longest <= limit; --x) {
        tail = std::max(rest_[at(x)], clock.tail(x, tail));
        longest = std::max(longest, new_head_[at(x)] + tail);
    }
    return std::max(longest, head + std::max(rest_[at(j)], clock.tail(j, tail)));
}

template Time Block::behind(EvenClock, Index, Index, Time);
template Time Block::behind(RestingClock, Index, Index, Time);
template Time Block::before(EvenClock, Index, Index, Time);
template Time Block::before(RestingClock, Index, Index, Time);

}  // namespace headway::search::job_shop
