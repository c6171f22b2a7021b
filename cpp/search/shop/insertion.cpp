#include "search/shop/insertion.hpp"

#include <algorithm>

namespace headway::search::shop {

Insertion::Insertion(const Shop& shop)
    : shop_(&shop), n_groups_(static_cast<std::size_t>(shop.n_groups())), rest_(n_groups_) {
    place_.left.reserve(at(shop.width()));
    right_.reserve(at(shop.width()));
    passed_.reserve(at(shop.width()));
}

void Insertion::open(const State& state, Index task) {
    task_ = task;
    previous_ = shop_->n_tasks();
    Index earliest = -1;
    for (const Link& link : shop_->before(task)) {
        if (state.place(link.task) > earliest) {
            earliest = state.place(link.task);
            previous_ = link.task;
        }
    }
    latest_ = shop_->n_tasks();
    for (const Link& link : shop_->after(task)) {
        latest_ = std::min(latest_, state.place(link.task));
    }
}

void Insertion::begin(const State& state, Index choice) {
    const Index none = shop_->no_node();
    place_.choice = choice;
    place_.behind = previous_;
    mode_ = shop_->first_mode(task_) + choice;
    const Index earliest = previous_ == shop_->n_tasks() ? -1 : state.place(previous_);
    place_.left.clear();
    right_.clear();
    for (const Index machine : shop_->machines(mode_)) {
        Index left = none, right = state.first(machine);
        while (right != none && state.place(shop_->owner(right)) < earliest) {
            left = right;
            right = state.right(right);
        }
        // What the task waits for may hold the same machine.
        if (right != none && shop_->owner(right) == previous_) {
            left = right;
            right = state.right(right);
        }
        place_.left.push_back(left);
        right_.push_back(right);
    }
    ready_ = shop_->release(mode_);
    for (const Link& link : shop_->before(task_)) {
        ready_ = std::max(ready_, state.head(link.task) +
                                      shop_->lag(link, state.choice(link.task), choice));
    }
    std::ranges::fill(rest_, NO_PATH);
    for (const Link& link : shop_->after(task_)) {
        const Time lag = shop_->lag(link, choice, state.choice(link.task));
        const Time* tail = state.tail(link.task);
        for (std::size_t g = 0; g < n_groups_; ++g) {
            rest_[g] = std::max(rest_[g], lag + tail[g]);
        }
    }
    for (const Member& member : shop_->memberships(task_)) {
        Time& longest = rest_[at(member.group)];
        longest = std::max(longest, shop_->duration(mode_) + member.offset);
    }
}

Time Insertion::value(const State& state) {
    const auto machines = shop_->machines(mode_);
    const Time duration = shop_->duration(mode_);
    Time head = ready_;
    for (std::size_t slot = 0; slot < machines.size(); ++slot) {
        const Index left = shop_->owner(place_.left[slot]);
        head = std::max(head, state.end(left) + shop_->setup(machines[slot], left, task_));
    }
    Time value = shop_->constant();
    const auto add = [&](std::size_t g, Time tail) {
        const Time through = head + tail, now = state.completion(static_cast<Index>(g));
        value += shop_->groups()[g].cost(through > now ? through : now);
    };
    if (machines.size() == 1) {
        const Index right = shop_->owner(right_[0]);
        const Time length = duration + shop_->setup(machines[0], task_, right);
        const Time* tail = state.tail(right);
        for (std::size_t g = 0; g < n_groups_; ++g) {
            const Time path = length + tail[g];
            add(g, path > rest_[g] ? path : rest_[g]);
        }
        return value;
    }
    for (std::size_t g = 0; g < n_groups_; ++g) {
        Time longest = rest_[g];
        for (std::size_t slot = 0; slot < machines.size(); ++slot) {
            const Index right = shop_->owner(right_[slot]);
            const Time length = duration + shop_->setup(machines[slot], task_, right);
            longest = std::max(longest, length + state.tail(right)[g]);
        }
        add(g, longest);
    }
    return value;
}

}  // namespace headway::search::shop
