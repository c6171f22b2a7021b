#include "search/flexible/orientation.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

namespace headway::search::flexible {

Orientation::Orientation(const Shop& shop)
    : MachineOrders(shop),
      chain_(at(none_) + 1),
      row_begin_(at(shop.n_machines()) + 1),
      row_size_(at(shop.n_machines())) {
    chain_[at(none_)].before = chain_[at(none_)].after = none_;
    for (Index m = 0; m < shop.n_modes(); ++m) {  // room for all tasks that a machine can do
        if (shop.mode(m).machine >= 0) {
            ++row_begin_[at(shop.mode(m).machine) + 1];
        }
    }
    std::partial_sum(row_begin_.begin(), row_begin_.end(), row_begin_.begin());
    rows_.resize(row_begin_.back());
    Plan plan;
    plan.order.assign(shop.forward().begin(), shop.forward().end());
    for (Index i = 0; i < none_; ++i) {
        const auto before = shop.before(i), after = shop.after(i);
        chain_[at(i)].before = before.empty() ? none_ : before[0].task;
        chain_[at(i)].after = after.empty() ? none_ : after[0].task;
        chain_[at(i)].from_end = after.empty() || after[0].from_end;
        const auto outlasts = [](const Link& link) { return link.from_end && link.lag >= 0; };
        if (std::ranges::none_of(after, outlasts)) {
            sinks_.push_back(i);
        }
        plan.mode.push_back(shop.first_mode(i));
    }
    load(plan);
}

void Orientation::load(const Plan& plan) {
    std::ranges::fill(row_size_, 0);
    for (Index k = 0; k < none_; ++k) {
        const Index task = plan.order[at(k)];
        order_[at(k)] = task;
        nodes_[at(task)].place = k;
        set_mode(task, plan.mode[at(task)]);
        const Index machine = nodes_[at(task)].machine;
        if (machine >= 0) {
            const auto before = row(machine);
            put_into_row(task, before.empty() ? none_ : before.back(), none_);
        } else {
            nodes_[at(task)].left = nodes_[at(task)].right = none_;
        }
    }
    refresh(0, none_ - 1);
}

void Orientation::save(Plan& plan) const {
    plan.value = makespan_;
    plan.order.assign(order_.begin(), order_.end());
    plan.mode.resize(at(none_));
    for (Index i = 0; i < none_; ++i) {
        plan.mode[at(i)] = node(i).mode;
    }
}

void Orientation::set_mode(Index task, Index mode) {
    const Mode& chosen = shop_->mode(mode);
    Node& node = nodes_[at(task)];
    node.mode = mode;
    node.duration = chosen.duration;
    node.release = chosen.release;
    node.machine = chosen.machine;
    const auto after = shop_->after(task);
    chain_[at(task)].length_after =
        after.empty() ? node.duration : after[0].length(node.duration);
    Time step = node.duration;
    for (const Link& link : after) {
        step = std::min(step, link.length(node.duration));
        Chain& next = chain_[at(link.task)];
        if (next.before == task) {
            next.length_before = shop_->before(link.task)[0].length(node.duration);
        }
    }
    chain_[at(task)].step = step;
}

void Orientation::take_from_row(Index task) {
    const Node& node = nodes_[at(task)];
    Index* const row = rows_.data() + row_begin_[at(node.machine)];
    const Index size = --row_size_[at(node.machine)];
    for (Index k = node.slot; k < size; ++k) {
        row[k] = row[k + 1];
        nodes_[at(row[k])].slot = k;
    }
    nodes_[at(node.left)].right = node.right;
    nodes_[at(node.right)].left = node.left;
    nodes_[at(none_)].left = nodes_[at(none_)].right = none_;
}

void Orientation::put_into_row(Index task, Index left, Index right) {
    Node& node = nodes_[at(task)];
    Index* const row = rows_.data() + row_begin_[at(node.machine)];
    const Index slot = left == none_ ? 0 : nodes_[at(left)].slot + 1;
    for (Index k = row_size_[at(node.machine)]++; k > slot; --k) {
        row[k] = row[k - 1];
        nodes_[at(row[k])].slot = k;
    }
    row[slot] = task;
    node.slot = slot;
    node.left = left;
    node.right = right;
    nodes_[at(left)].right = task;
    nodes_[at(right)].left = task;
    nodes_[at(none_)].left = nodes_[at(none_)].right = none_;
}

void Orientation::apply(const Move& move) {
    Node& node = nodes_[at(move.task)];
    if (node.machine >= 0) {
        take_from_row(move.task);
    }
    set_mode(move.task, move.mode);
    if (node.machine >= 0) {
        put_into_row(move.task, move.left, move.right);
    } else {
        node.left = node.right = none_;
    }
    const auto [begin, end] = place(move);
    refresh(begin, end);
}

bool Orientation::may_stand(Index task, Index left, Index right) const {
    const auto follows = [&](const Link& link) {
        return leads(link.task, left, chain(link.task).step);
    };
    const auto precedes = [&](const Link& link) {
        return leads(right, link.task, chain(right).step);
    };
    return (left == none_ || std::ranges::none_of(shop_->after(task), follows)) &&
           (right == none_ || std::ranges::none_of(shop_->before(task), precedes));
}

std::pair<Index, Index> Orientation::place(const Move& move) {
    const Index here = nodes_[at(move.task)].place;
    Index low = none_, high = -1;  // places of successors and predecessors
    const auto precede = [&](Index x) { high = std::max(high, nodes_[at(x)].place); };
    const auto follow = [&](Index x) { low = std::min(low, nodes_[at(x)].place); };
    for (const Link& link : shop_->before(move.task)) {
        precede(link.task);
    }
    for (const Link& link : shop_->after(move.task)) {
        follow(link.task);
    }
    if (move.left != none_) {
        precede(move.left);
    }
    if (move.right != none_) {
        follow(move.right);
    }
    if (high < here && here < low) {
        return {here, here};
    }
    const Index begin = std::min(here, low), end = std::max(here, high);
    std::size_t n_shifted = 0;
    Index next = begin;
    const auto put = [this, &next](Index x) {
        order_[at(next)] = x;
        nodes_[at(x)].place = next++;
    };
    reached_[at(move.task)] = 1;
    shifted_[n_shifted++] = move.task;
    for (Index k = begin; k <= end; ++k) {
        const Index x = order_[at(k)];
        if (x == move.task) {
            continue;
        }
        if (waits_for_reached(x)) {
            reached_[at(x)] = 1;
            shifted_[n_shifted++] = x;
        } else {
            put(x);
        }
    }
    const bool cycle = waits_for_reached(move.task);
    for (std::size_t s = 0; s < n_shifted; ++s) {
        reached_[at(shifted_[s])] = 0;
        put(shifted_[s]);
    }
    if (cycle) {
        throw std::logic_error("flexible shop: the move closes a cycle");
    }
    return {begin, end};
}

bool Orientation::waits_for_reached(Index task) const {
    if ((reached_[at(chain_[at(task)].before)] | reached_[at(nodes_[at(task)].left)]) != 0) {
        return true;
    }
    return !chains_ && std::ranges::any_of(more_before(task), [this](const Link& link) {
        return reached_[at(link.task)] != 0;
    });
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
    const Chain& chain = chain_[at(task)];
    Node& node = nodes[task];
    const Node& left = nodes[node.left];
    Time head = std::max(node.release, nodes[chain.before].head + chain.length_before);
    head = std::max(head, left.head + left.duration);
    if (!chains_) {
        for (const Link& link : more_before(task)) {
            const Node& other = nodes[link.task];
            head = std::max(head, other.head + link.length(other.duration));
        }
    }
    node.head = head;
}

inline void Orientation::update_tail(Index task) {
    Node* const nodes = nodes_.data();
    const Chain& chain = chain_[at(task)];
    Node& node = nodes[task];
    // The end of the task itself counts through the right neighbour, whose tail is 0 if absent.
    Time tail = std::max(node.duration + nodes[node.right].tail,
                         chain.length_after + nodes[chain.after].tail);
    if (!chains_) {
        for (const Link& link : more_after(task)) {
            tail = std::max(tail, link.length(node.duration) + nodes[link.task].tail);
        }
    }
    node.tail = tail;
}

void Orientation::trace(Path& path, Random& random) const {
    trace_by([](const Node& here) { return here.head; }, path, random);
}

}  // namespace headway::search::flexible
