#include "search/job_shop/neighbourhood.hpp"

#include <algorithm>

namespace headway::search::job_shop {

Block::Block(Index largest, Neighbourhood neighbourhood)
    : MachineRow(largest),
      neighbourhood_(neighbourhood),
      duration_(at(largest)),
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
        duration_[at(size_)] = calendar_ == nullptr ? node.duration : shop.duration(task);
        if (calendar_ != nullptr) {
            pauses_[at(size_)] = shop.pauses(task);
        }
        append(task, node, node.ready, node.rest);
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
    enclose(orientation);
}

Time Block::behind(Index i, Index j, Time limit) {
    return calendar_ == nullptr ? behind_by(EvenClock{this}, i, j, limit)
                                : behind_by(RestingClock{this}, i, j, limit);
}

Time Block::before(Index i, Index j, Time limit) {
    return calendar_ == nullptr ? before_by(EvenClock{this}, i, j, limit)
                                : before_by(RestingClock{this}, i, j, limit);
}

}  // namespace headway::search::job_shop
