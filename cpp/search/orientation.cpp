#include "search/orientation.hpp"

#include <algorithm>
#include <stdexcept>

namespace headway::search {

Orientation::Orientation(const Shop& shop)
    : shop_(&shop),
      none_(shop.n_tasks()),
      nodes_(at(none_) + 1),
      fixed_(at(none_) + 1),
      order_(at(none_) + 1),
      reached_(at(none_) + 1),
      shifted_(at(none_)),
      last_(at(shop.n_machines())) {
    nodes_[at(none_)].left = nodes_[at(none_)].right = none_;
    nodes_[at(none_)].place = none_;
    fixed_[at(none_)].before = fixed_[at(none_)].after = none_;
    order_[at(none_)] = none_;
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
        chains_ = chains_ && before.size() <= 1 && after.size() <= 1;
        const auto outlasts = [&](const Link& link) { return link.lag >= shop.duration(i); };
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

void Orientation::apply(const Move& move) {
    if (move.forward) {
        move_behind(move.task, move.anchor);
    } else {
        move_before(move.task, move.anchor);
    }
}

bool Orientation::leads(Index from, Index to) const {
    const Node &a = node(from), &b = node(to);
    const Time step = shop_->step(from);
    return a.place <= b.place && a.head + step <= b.head && b.tail + step <= a.tail;
}

bool Orientation::may_follow(Index task, Index anchor) const {
    const Index after = fixed_[at(task)].after;
    if (after != none_ && (after == anchor || leads(after, anchor))) {
        return false;
    }
    return chains_ || std::ranges::none_of(more_after(task), [&](const Link& link) {
               return link.task == anchor || leads(link.task, anchor);
           });
}

bool Orientation::may_precede(Index task, Index anchor) const {
    const Index before = fixed_[at(task)].before;
    if (before != none_ && (before == anchor || leads(anchor, before))) {
        return false;
    }
    return chains_ || std::ranges::none_of(more_before(task), [&](const Link& link) {
               return link.task == anchor || leads(anchor, link.task);
           });
}

void Orientation::link(Index left, Index right) {
    nodes_[at(left)].right = right;
    nodes_[at(right)].left = left;
}

// In the linear order, the task and what it leads to go behind the anchor. Only the places from
// the task to the anchor are concerned.
void Orientation::move_behind(Index task, Index anchor) {
    const Index left = nodes_[at(task)].left, first = nodes_[at(task)].right;
    const Index right = nodes_[at(anchor)].right;
    const Index begin = nodes_[at(task)].place, end = nodes_[at(anchor)].place;
    link(left, first);
    link(anchor, task);
    link(task, right);
    nodes_[at(none_)].left = nodes_[at(none_)].right = none_;

    std::size_t n_shifted = 0;
    Index place = begin;
    for (Index k = begin; k <= end; ++k) {
        const Index x = order_[at(k)];
        bool reached = k == begin;
        if (!reached) {
            reached = reached_[at(fixed_[at(x)].before)] | reached_[at(nodes_[at(x)].left)];
            if (!chains_ && !reached) {
                reached = std::ranges::any_of(more_before(x), [&](const Link& link) {
                    return reached_[at(link.task)] != 0;
                });
            }
        }
        if (reached) {
            reached_[at(x)] = 1;
            shifted_[n_shifted++] = x;
        } else {
            order_[at(place)] = x;
            nodes_[at(x)].place = place++;
        }
    }
    if (reached_[at(anchor)] != 0) {
        throw std::logic_error("job shop: the move closes a cycle");
    }
    for (std::size_t s = 0; s < n_shifted; ++s) {
        const Index x = shifted_[s];
        reached_[at(x)] = 0;
        order_[at(place)] = x;
        nodes_[at(x)].place = place++;
    }

    refresh(begin, end);
}

// The mirror image: the task and what leads to it go before the anchor.
void Orientation::move_before(Index task, Index anchor) {
    const Index right = nodes_[at(task)].right, first = nodes_[at(task)].left;
    const Index left = nodes_[at(anchor)].left;
    const Index begin = nodes_[at(anchor)].place, end = nodes_[at(task)].place;
    link(first, right);
    link(task, anchor);
    link(left, task);
    nodes_[at(none_)].left = nodes_[at(none_)].right = none_;

    std::size_t n_shifted = 0;
    Index place = end;
    for (Index k = end; k >= begin; --k) {
        const Index x = order_[at(k)];
        bool reached = k == end;
        if (!reached) {
            reached = reached_[at(fixed_[at(x)].after)] | reached_[at(nodes_[at(x)].right)];
            if (!chains_ && !reached) {
                reached = std::ranges::any_of(more_after(x), [&](const Link& link) {
                    return reached_[at(link.task)] != 0;
                });
            }
        }
        if (reached) {
            reached_[at(x)] = 1;
            shifted_[n_shifted++] = x;
        } else {
            order_[at(place)] = x;
            nodes_[at(x)].place = place--;
        }
    }
    if (reached_[at(anchor)] != 0) {
        throw std::logic_error("job shop: the move closes a cycle");
    }
    for (std::size_t s = 0; s < n_shifted; ++s) {
        const Index x = shifted_[s];
        reached_[at(x)] = 0;
        order_[at(place)] = x;
        nodes_[at(x)].place = place--;
    }

    refresh(begin, end);
}

// Most moves change most heads behind them and most tails before them, so everything there is
// computed anew: a loop without surprises takes less time than one that looks for what changed.
void Orientation::refresh(Index first, Index last) {
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

void Orientation::find_makespan() {
    Time latest = 0;
    for (const Index task : sinks_) {
        const Node& node = nodes_[at(task)];
        latest = std::max(latest, node.head + node.duration);
    }
    makespan_ = latest;
}

std::span<const Link> Orientation::more_before(Index task) const {
    const auto all = task == none_ ? std::span<const Link>{} : shop_->before(task);
    return all.empty() ? all : all.subspan(1);
}

std::span<const Link> Orientation::more_after(Index task) const {
    const auto all = task == none_ ? std::span<const Link>{} : shop_->after(task);
    return all.empty() ? all : all.subspan(1);
}

void Orientation::trace(Path& path, Random& random) const {
    path.task.clear();
    path.by_machine.clear();
    Index task = none_;
    Index choices = 0;
    for (const Index sink : sinks_) {
        if (node(sink).head + node(sink).duration == makespan_ && random.below(++choices) == 0) {
            task = sink;
        }
    }
    while (task != none_) {
        path.task.push_back(task);
        const Node& here = node(task);
        Index next = none_;
        bool by_machine = false;
        choices = 0;
        if (here.head > 0) {
            if (here.left != none_ && node(here.left).head + node(here.left).duration == here.head) {
                next = here.left;
                by_machine = true;
                choices = 1;
            }
            for (const Link& link : shop_->before(task)) {
                if (node(link.task).head + link.lag == here.head &&
                    (++choices == 1 || random.below(choices) == 0)) {
                    next = link.task;
                    by_machine = false;
                }
            }
        }
        path.by_machine.push_back(by_machine);
        task = next;
    }
    std::ranges::reverse(path.task);
    // by_machine[k] tells how the k-th task was reached, so it turns round with the tasks.
    std::reverse(path.by_machine.begin(), path.by_machine.end());
}

}  // namespace headway::search
