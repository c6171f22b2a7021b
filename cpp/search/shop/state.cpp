#include "search/shop/state.hpp"

#include <algorithm>
#include <stdexcept>

#include "search/shifting.hpp"

namespace headway::search::shop {

State::State(const Shop& shop)
    : shop_(&shop),
      n_groups_(static_cast<std::size_t>(shop.n_groups())),
      order_(shop.forward().begin(), shop.forward().end()),
      place_(order_.size() + 1),
      choice_(order_.size() + 1),
      head_(order_.size() + 1),
      end_(order_.size() + 1),
      duration_(order_.size() + 1),
      tail_((order_.size() + 1) * n_groups_, NO_PATH),
      left_(at(shop.no_node()) + 1, shop.no_node()),
      right_(left_),
      machine_(left_.size(), ABSENT),
      first_(at(shop.n_machines()), shop.no_node()),
      completion_(n_groups_),
      reached_(order_.size() + 1),
      shifted_(order_.size()),
      last_(first_) {
    const std::vector<Index> order = order_;
    load(order, choice_);
}

void State::load(std::span<const Index> order, std::span<const Index> choice) {
    const Index none = shop_->no_node();
    std::ranges::fill(first_, none);
    std::ranges::fill(last_, none);
    touched_.clear();
    for (std::size_t k = 0; k < order_.size(); ++k) {
        const Index task = order[k];
        order_[k] = task;
        place_[at(task)] = static_cast<Index>(k);
        choose(task, choice[at(task)]);
        for (Index slot = 0; slot < shop_->width(); ++slot) {
            const Index node = shop_->node(task, slot);
            left_[at(node)] = right_[at(node)] = none;
            if (machine(node) >= 0) {
                Index& last = last_[at(machine(node))];
                link(last, node, machine(node));
                last = node;
            }
        }
    }
    update_heads(0);
    update_tails(static_cast<Index>(order_.size()) - 1);
    evaluate();
}

void State::save(Solution& solution) const {
    solution.value = value_;
    solution.order.assign(order().begin(), order().end());
    solution.choice.assign(choices().begin(), choices().end());
    solution.start.assign(heads().begin(), heads().end());
}

void State::choose(Index task, Index choice) {
    choice_[at(task)] = choice;
    duration_[at(task)] = shop_->duration(mode(task));
    const auto machines = shop_->machines(mode(task));
    for (Index slot = 0; slot < shop_->width(); ++slot) {
        const bool used = at(slot) < machines.size();
        machine_[at(shop_->node(task, slot))] =
            used ? machines[at(slot)] : static_cast<Index>(ABSENT);
    }
}

// Makes two nodes neighbours on a machine; either may be none.
void State::link(Index left, Index right, Index machine) {
    const Index none = shop_->no_node();
    if (left == none) {
        first_[at(machine)] = right;
    } else {
        right_[at(left)] = right;
    }
    if (right != none) {
        left_[at(right)] = left;
    }
}

Time State::ready(Index task, Index without) const {
    Time time = shop_->release(mode(task));
    for (const Link& link : shop_->before(task)) {
        time = std::max(time, head(link.task) + lag_before(link, task));
    }
    for (Index slot = 0; slot < shop_->width(); ++slot) {
        const Index node = shop_->node(task, slot);
        if (slot != without && machine(node) >= 0) {
            const Index before = left(node);
            time = std::max(time, head(shop_->owner(before)) + arc(before, node));
        }
    }
    return time;
}

void State::rest(Index task, Index without, Time* tails) const {
    bool empty = true;
    const auto add = [&](Time length, const Time* after) {
        if (empty) {
            for (std::size_t g = 0; g < n_groups_; ++g) {
                tails[g] = length + after[g];
            }
            empty = false;
        } else {
            for (std::size_t g = 0; g < n_groups_; ++g) {
                const Time path = length + after[g];
                tails[g] = tails[g] > path ? tails[g] : path;
            }
        }
    };
    for (const Link& link : shop_->after(task)) {
        add(lag_after(task, link), tail(link.task));
    }
    for (Index slot = 0; slot < shop_->width(); ++slot) {
        const Index node = shop_->node(task, slot), next = right(node);
        if (slot != without && next != shop_->no_node()) {
            add(arc(node, next), tail(shop_->owner(next)));
        }
    }
    if (empty) {
        std::fill_n(tails, n_groups_, NO_PATH);
    }
    for (const Member& member : shop_->memberships(task)) {
        Time& longest = tails[at(member.group)];
        longest = std::max(longest, duration(task) + member.offset);
    }
}

bool State::leads(Index from, Index to) const {
    return from == to || (place(from) < place(to) && head(from) + shop_->step(from) <= head(to));
}

bool State::may_shift(const Shift& shift) const {
    const Index task = shop_->owner(shift.node), anchor = shop_->owner(shift.anchor);
    const auto blocks = [&](Index other) {
        return shift.forward ? leads(other, anchor) : leads(anchor, other);
    };
    for (const Link& link : shift.forward ? shop_->after(task) : shop_->before(task)) {
        if (blocks(link.task)) {
            return false;
        }
    }
    for (Index slot = 0; slot < shop_->width(); ++slot) {
        const Index node = shop_->node(task, slot);
        const Index other = shift.forward ? right(node) : left(node);
        if (node != shift.node && other != shop_->no_node() && blocks(shop_->owner(other))) {
            return false;
        }
    }
    return true;
}

void State::apply(const Shift& shift) {
    if (shift.forward) {
        move_past<true>(shift);
    } else {
        move_past<false>(shift);
    }
}

// Forward, the task goes behind the anchor; backward, before it. The words below are those of the
// move forward; backward is its mirror image.
template <bool FORWARD>
void State::move_past(const Shift& shift) {
    const Index on = machine(shift.node);
    const Index outer_left = left(FORWARD ? shift.node : shift.anchor);
    const Index outer_right = right(FORWARD ? shift.anchor : shift.node);
    const Index inner = FORWARD ? right(shift.node) : left(shift.node);
    for (const Index node : {outer_left, outer_right, inner, shift.node, shift.anchor}) {
        touch(shop_->owner(node));
    }
    if (FORWARD) {
        link(outer_left, inner, on);
        link(shift.anchor, shift.node, on);
        link(shift.node, outer_right, on);
    } else {
        link(inner, outer_right, on);
        link(outer_left, shift.node, on);
        link(shift.node, shift.anchor, on);
    }

    const Index task = shop_->owner(shift.node), anchor = shop_->owner(shift.anchor);
    const auto waits_for_reached = [&](Index x) {
        for (const Link& other : FORWARD ? shop_->before(x) : shop_->after(x)) {
            if (reached_[at(other.task)] != 0) {
                return true;
            }
        }
        for (Index slot = 0; slot < shop_->width(); ++slot) {
            const Index node = shop_->node(x, slot);
            if (reached_[at(shop_->owner(FORWARD ? left(node) : right(node)))] != 0) {
                return true;
            }
        }
        return false;
    };
    const Index begin = place(task), end = place(anchor);
    const auto put = [this](Index x, Index to) {
        order_[at(to)] = x;
        place_[at(x)] = to;
    };
    if (search::shift<FORWARD>(order_, begin, end, reached_, shifted_, waits_for_reached, put)) {
        throw std::logic_error("shop: the move closes a cycle");
    }
    refresh();
}

void State::lift(Index task) {
    const Index none = shop_->no_node();
    touch(task);
    for (Index slot = 0; slot < shop_->width(); ++slot) {
        const Index node = shop_->node(task, slot);
        if (machine(node) >= 0) {
            const Index before = left(node), behind = right(node);
            link(before, behind, machine(node));
            touch(shop_->owner(before));
            touch(shop_->owner(behind));
            left_[at(node)] = right_[at(node)] = none;
        }
    }
    choose(task, shop_->fastest(task));
    for (Index slot = 0; slot < shop_->width(); ++slot) {
        machine_[at(shop_->node(task, slot))] = static_cast<Index>(ABSENT);
    }
    refresh();
}

void State::insert(Index task, Index choice, std::span<const Index> left, Index behind) {
    const Index none = shop_->no_node();
    choose(task, choice);
    touch(task);
    for (Index slot = 0; slot < shop_->width(); ++slot) {
        const Index node = shop_->node(task, slot);
        if (machine(node) >= 0) {
            const Index before = left[at(slot)];
            const Index after = before == none ? first(machine(node)) : right(before);
            link(before, node, machine(node));
            link(node, after, machine(node));
            touch(shop_->owner(before));
            touch(shop_->owner(after));
        }
    }
    const Index from = place(task);
    const Index to = behind == shop_->n_tasks() ? 0 : place(behind) + (place(behind) < from);
    const Index step = from < to ? 1 : -1;
    for (Index k = from; k != to; k += step) {
        order_[at(k)] = order_[at(k + step)];
        place_[at(order_[at(k)])] = k;
    }
    order_[at(to)] = task;
    place_[at(task)] = to;
    refresh();
}

void State::touch(Index task) {
    if (task != shop_->n_tasks()) {
        touched_.push_back(task);
    }
}

void State::refresh() {
    Index first = shop_->n_tasks(), last = 0;
    for (const Index task : touched_) {
        first = std::min(first, place(task));
    }
    update_heads(first);
    for (const Index task : touched_) {
        last = std::max(last, place(task));
    }
    touched_.clear();
    update_tails(last);
    evaluate();
}

// Keeps the linear order sorted by heads, so that it says as little as possible beyond what the
// arcs say. Arcs have no negative length and ties keep their order, so it still agrees with them.
void State::update_heads(Index first) {
    for (Index k = first; k < shop_->n_tasks(); ++k) {
        const Index task = order_[at(k)];
        const Time start = ready(task, ANY_SLOT);
        head_[at(task)] = start;
        end_[at(task)] = start + duration(task);
        Index to = k;
        for (; to > 0 && head(order_[at(to - 1)]) > start; --to) {
            order_[at(to)] = order_[at(to - 1)];
            place_[at(order_[at(to)])] = to;
        }
        order_[at(to)] = task;
        place_[at(task)] = to;
    }
}

void State::update_tails(Index last) {
    for (Index k = last; k >= 0; --k) {
        const Index task = order_[at(k)];
        rest(task, ANY_SLOT, tail_.data() + at(task) * n_groups_);
    }
}

void State::evaluate() {
    std::ranges::fill(completion_, NO_PATH);
    for (Index i = 0; i < shop_->n_tasks(); ++i) {
        for (const Member& member : shop_->memberships(i)) {
            Time& latest = completion_[at(member.group)];
            latest = std::max(latest, end(i) + member.offset);
        }
    }
    value_ = shop_->constant();
    for (std::size_t g = 0; g < n_groups_; ++g) {
        value_ += shop_->groups()[g].cost(completion_[g]);
    }
}

}  // namespace headway::search::shop
