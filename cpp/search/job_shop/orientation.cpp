#include "search/job_shop/orientation.hpp"

#include <algorithm>
#include <stdexcept>

#include "search/shifting.hpp"

namespace headway::search::job_shop {

Orientation::Orientation(const Shop& shop)
    : MachineOrders(shop), fixed_(at(none_) + 1), last_(at(shop.n_machines())) {
    fixed_[at(none_)].before = fixed_[at(none_)].after = none_;
    for (Index i = 0; i < none_; ++i) {
        const auto before = shop.before(i), after = shop.after(i);
        nodes_[at(i)].duration = shop.duration(i);
        fixed_[at(i)] = {
            .release = shop.release(i),
            .lag_before = before.empty() ? 0 : before[0].lag,
            .lag_after = after.empty() ? shop.duration(i) : after[0].lag,
            .before = before.empty() ? none_ : before[0].task,
            .after = after.empty() ? none_ : after[0].task,
        };
        const auto outlasts = [&](const Link& link) {
            return link.from_end ? link.lag >= 0 : !shop.pauses(i) && link.lag >= shop.duration(i);
        };
        if (std::ranges::none_of(after, outlasts)) {
            sinks_.push_back(i);
        }
    }
    load(shop.forward());
}

void Orientation::load(std::span<const Index> order) {
    std::ranges::fill(last_, none_);
    for (Index k = 0; k < none_; ++k) {
        const Index task = order[at(k)];
        order_[at(k)] = task;
        Node& node = nodes_[at(task)];
        node.place = k;
        node.left = node.right = none_;
        const Index machine = shop_->machine(task);
        if (machine >= 0) {
            node.left = last_[at(machine)];
            if (node.left != none_) {
                nodes_[at(node.left)].right = task;
            }
            last_[at(machine)] = task;
        }
    }
    refresh(0, none_ - 1);
}

void Orientation::save(Plan& plan) const {
    plan.value = makespan_;
    plan.order.assign(order().begin(), order().end());
}

bool Orientation::may_follow(Index task, Index anchor) const {
    const Index after = fixed_[at(task)].after;
    if (after != none_ && leads(after, anchor, shop_->step(after))) {
        return false;
    }
    return chains_ || std::ranges::none_of(more_after(task), [&](const Link& link) {
               return leads(link.task, anchor, shop_->step(link.task));
           });
}

bool Orientation::may_precede(Index task, Index anchor) const {
    const Index before = fixed_[at(task)].before;
    if (before != none_ && leads(anchor, before, shop_->step(anchor))) {
        return false;
    }
    return chains_ || std::ranges::none_of(more_before(task), [&](const Link& link) {
               return leads(anchor, link.task, shop_->step(anchor));
           });
}

// Forward, the task goes behind the anchor; backward, before it. The words below are those of the
// move forward; backward is its mirror image.
template <bool FORWARD>
void Orientation::move_past(Index task, Index anchor) {
    constexpr auto LEFT = FORWARD ? &Node::left : &Node::right;
    constexpr auto RIGHT = FORWARD ? &Node::right : &Node::left;
    constexpr auto BEFORE = FORWARD ? &Fixed::before : &Fixed::after;
    const auto link = [this](Index left, Index right) {
        nodes_[at(left)].*RIGHT = right;
        nodes_[at(right)].*LEFT = left;
    };
    const auto waits_for_reached = [this](Index x) {
        if ((reached_[at(fixed_[at(x)].*BEFORE)] | reached_[at(nodes_[at(x)].*LEFT)]) != 0) {
            return true;
        }
        const auto is_reached = [this](const Link& other) { return reached_[at(other.task)] != 0; };
        return !chains_ &&
               std::ranges::any_of(FORWARD ? more_before(x) : more_after(x), is_reached);
    };

    const Index left = nodes_[at(task)].*LEFT, first = nodes_[at(task)].*RIGHT;
    const Index right = nodes_[at(anchor)].*RIGHT;
    link(left, first);
    link(anchor, task);
    link(task, right);
    nodes_[at(none_)].left = nodes_[at(none_)].right = none_;

    const Index begin = nodes_[at(task)].place, end = nodes_[at(anchor)].place;
    const auto put = [this](Index x, Index place) {
        order_[at(place)] = x;
        nodes_[at(x)].place = place;
    };
    if (shift<FORWARD>(order_, begin, end, reached_, shifted_, waits_for_reached, put)) {
        throw std::logic_error("job shop: the move closes a cycle");
    }
    refresh(std::min(begin, end), std::max(begin, end));
}

void Orientation::apply(const Move& move) {
    if (move.forward) {
        move_past<true>(move.task, move.anchor);
    } else {
        move_past<false>(move.task, move.anchor);
    }
}

// Most moves change most heads behind them and most tails before them, so everything there is
// computed anew: a loop without surprises takes less time than one that looks for what changed.
void Orientation::refresh(Index first, Index last) {
    if (shop_->has_breaks()) {
        refresh_with_breaks();
        return;
    }
    for (Index k = first; k < none_; ++k) {
        update_head(order_[at(k)]);
    }
    for (Index k = last; k >= 0; --k) {
        update_tail(order_[at(k)]);
    }
    find_makespan();
}

inline void Orientation::update_head(Index task) {
    Node* const nodes = nodes_.data();
    const Fixed& fixed = fixed_[at(task)];
    Node& node = nodes[task];
    const Node& left = nodes[node.left];
    Time ready = std::max(fixed.release, nodes[fixed.before].head + fixed.lag_before);
    if (!chains_) {
        for (const Link& link : more_before(task)) {
            ready = std::max(ready, nodes[link.task].head + link.lag);
        }
    }
    node.ready = ready;
    node.head = std::max(ready, left.head + left.duration);
}

inline void Orientation::update_tail(Index task) {
    Node* const nodes = nodes_.data();
    const Fixed& fixed = fixed_[at(task)];
    Node& node = nodes[task];
    Time rest = std::max(node.duration, nodes[fixed.after].tail + fixed.lag_after);
    if (!chains_) {
        for (const Link& link : more_after(task)) {
            rest = std::max(rest, nodes[link.task].tail + link.lag);
        }
    }
    node.rest = rest;
    node.tail = std::max(rest, node.duration + nodes[node.right].tail);
}

void Orientation::refresh_with_breaks() {
    for (Index k = 0; k < none_; ++k) {
        update_head_with_breaks(order_[at(k)]);
    }
    find_makespan();
    for (Index k = none_ - 1; k >= 0; --k) {
        update_tail_with_breaks(order_[at(k)]);
    }
}

void Orientation::update_head_with_breaks(Index task) {
    Node& node = nodes_[at(task)];
    const Node& left = nodes_[at(node.left)];
    node.ready = shop_->release(task);
    for (const Link& link : shop_->before(task)) {
        const Node& other = nodes_[at(link.task)];
        node.ready = std::max(node.ready, other.head + link.length(other.duration));
    }
    const auto [start, end] = shop_->stay(task, std::max(node.ready, left.head + left.duration));
    node.head = start;
    node.duration = end - start;
}

void Orientation::update_tail_with_breaks(Index task) {
    Node& node = nodes_[at(task)];
    const Calendar& when = shop_->calendar(task);
    const Time duration = shop_->duration(task);
    const bool pauses = shop_->pauses(task);
    Time end = makespan_, start = makespan_;
    for (const Link& link : shop_->after(task)) {
        const Time latest = makespan_ - nodes_[at(link.task)].tail - link.lag;
        (link.from_end ? end : start) = std::min(link.from_end ? end : start, latest);
    }
    const Time by_end = when.latest_start(end, duration, pauses);
    start = start < by_end ? when.start_by(start, duration, pauses) : by_end;
    node.rest = makespan_ - start;
    const Time next = makespan_ - nodes_[at(node.right)].tail;
    node.tail = makespan_ - std::min(start, when.latest_start(next, duration, pauses));
}

void Orientation::trace(Path& path, Random& random) const {
    // Equal to the head unless the task waits for a break to pass.
    const auto begin = [this](const Node& here) {
        return std::max(here.ready, node(here.left).head + node(here.left).duration);
    };
    trace_by(begin, path, random);
}

}  // namespace headway::search::job_shop
