#include "search/blocking/selection.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <tuple>

namespace headway::search::blocking {

Selection::Selection(const Shop& shop)
    : shop_(&shop),
      none_(shop.n_tasks()),
      left_(at(none_) + 1, none_),
      right_(at(none_) + 1, none_),
      start_(at(none_)),
      cause_(at(none_), none_),
      order_(at(none_)),
      old_start_(at(none_)),
      old_cause_(at(none_), none_),
      walk_(at(none_) + 1) {
    std::iota(order_.begin(), order_.end(), 0);
    swapped_.reserve(at(none_));
}

void Selection::append(std::vector<Index>& last, Index task) {
    const Index machine = shop_->task(task).machine;
    left_[at(task)] = right_[at(task)] = none_;
    if (machine >= 0) {
        left_[at(task)] = last[at(machine)];
        right_[at(last[at(machine)])] = task;
        last[at(machine)] = task;
    }
}

void Selection::line_up(std::span<const Index> jobs) {
    std::vector<Index> last(at(shop_->n_machines()), none_);
    std::size_t place = 0;
    for (const Index job : jobs) {
        for (Index i = shop_->first()[at(job)]; i != none_; i = shop_->task(i).next) {
            append(last, i);
            order_[place++] = i;
        }
    }
    start_over();
    commit();
}

bool Selection::load(std::span<const Time> start) {
    const auto key = [&](Index i) {
        const Task& task = shop_->task(i);
        return std::tuple(start[at(i)], start[at(task.frees)] + task.lag_after, i);
    };
    std::ranges::sort(order_, {}, key);
    std::vector<Index> last(at(shop_->n_machines()), none_);
    for (const Index i : order_) {
        append(last, i);
    }
    swapped_.clear();
    changed_ = std::numeric_limits<Time>::min();
    if (!relax(0)) {
        return false;
    }
    find_makespan();
    commit();
    return true;
}

void Selection::start_over() {
    changed_ = std::numeric_limits<Time>::min();
    if (!relax(0)) {
        throw std::logic_error("blocking job shop: the orders cannot be kept");
    }
    find_makespan();
}

void Selection::swap(Index left, Index right) {
    const Index before = left_[at(left)], after = right_[at(right)];
    right_[at(before)] = right;
    left_[at(right)] = before;
    right_[at(right)] = left;
    left_[at(left)] = right;
    right_[at(left)] = after;
    left_[at(after)] = left;
    left_[at(none_)] = right_[at(none_)] = none_;
    for (const Index i : {left, right, after}) {
        if (i != none_) {
            changed_ = std::min(changed_, old_start_[at(i)]);
        }
    }
}

// Without one of the two jobs the orders could be kept, so that every cycle runs through it; with
// all of that job's tasks before, or behind, those of all others they can be kept again. On the way
// there, whatever closes a cycle gives way (Groeflin and Klinkert 2009).
void Selection::apply(const Move& move) {
    const Index job = shop_->task(move.pull ? move.right : move.left).job;
    changed_ = std::numeric_limits<Time>::max();
    swapped_.clear();
    const auto exchange = [this](Index left, Index right) {
        swap(left, right);
        swapped_.emplace_back(left, right);
    };
    exchange(move.left, move.right);
    while (!relax(first_changed())) {
        Index i = cycle_;
        while ((shop_->task(i).job == job) != move.pull ||
               (shop_->task(cause_[at(i)]).job == job) == move.pull) {
            i = cause_[at(i)];
            if (i == cycle_) {
                throw std::logic_error("blocking job shop: a cycle without the job that moved");
            }
        }
        exchange(left_[at(i)], i);
    }
    find_makespan();
}

void Selection::undo() {
    for (auto pair = swapped_.rbegin(); pair != swapped_.rend(); ++pair) {
        swap(pair->second, pair->first);
    }
    for (std::size_t k = first_changed(); k < order_.size(); ++k) {
        const std::size_t i = at(order_[k]);
        start_[i] = old_start_[i];
        cause_[i] = old_cause_[i];
    }
    makespan_ = old_makespan_;
}

void Selection::commit() {
    for (std::size_t k = 1; k < order_.size(); ++k) {
        const Index i = order_[k];
        std::size_t place = k;
        for (; place > 0 && start_[at(order_[place - 1])] > start_[at(i)]; --place) {
            order_[place] = order_[place - 1];
        }
        order_[place] = i;
    }
    old_start_ = start_;
    old_cause_ = cause_;
    old_makespan_ = makespan_;
}

// Tasks that started before any task with another neighbour keep their starts: no arc leads back.
std::size_t Selection::first_changed() const {
    const auto first = std::ranges::lower_bound(order_, changed_, {}, [this](Index i) {
        return old_start_[at(i)];
    });
    return static_cast<std::size_t>(first - order_.begin());
}

bool Selection::relax(std::size_t from) {
    for (std::size_t k = from; k < order_.size(); ++k) {
        start_[at(order_[k])] = shop_->task(order_[k]).release;
        cause_[at(order_[k])] = none_;
    }
    for (bool first = true;; first = false) {
        bool changed = false;
        for (std::size_t k = from; k < order_.size(); ++k) {
            const Index i = order_[k];
            const Task& task = shop_->task(i);
            Time start = start_[at(i)];
            Index cause = none_;
            if (task.before != none_ && start_[at(task.before)] + task.lag_before > start) {
                start = start_[at(task.before)] + task.lag_before;
                cause = task.before;
            }
            if (const Index left = left_[at(i)]; left != none_) {
                const Task& other = shop_->task(left);
                if (start_[at(other.frees)] + other.lag_after > start) {
                    start = start_[at(other.frees)] + other.lag_after;
                    cause = other.frees;
                }
            }
            if (cause != none_) {
                start_[at(i)] = start;
                cause_[at(i)] = cause;
                changed = true;
            }
        }
        if (!changed) {
            return true;
        }
        if (!first && find_cycle(from)) {
            return false;
        }
    }
}

// Causes form a cycle exactly if there is one that is too long.
bool Selection::find_cycle(std::size_t from) {
    if (walks_ > std::numeric_limits<Index>::max() - 2 * none_ - 2) {
        std::ranges::fill(walk_, 0);
        walks_ = 0;
    }
    const Index known = walks_;
    for (std::size_t k = from; k < order_.size(); ++k) {
        ++walks_;
        Index i = order_[k];
        while (i != none_ && walk_[at(i)] <= known) {
            walk_[at(i)] = walks_;
            i = cause_[at(i)];
        }
        if (i != none_ && walk_[at(i)] == walks_) {
            cycle_ = i;
            return true;
        }
    }
    return false;
}

void Selection::find_makespan() {
    makespan_ = 0;
    for (Index i = 0; i < none_; ++i) {
        makespan_ = std::max(makespan_, start_[at(i)] + shop_->task(i).duration);
    }
}

void Selection::critical(std::vector<std::pair<Index, Index>>& arcs, Random& random) const {
    arcs.clear();
    Index last = none_, choices = 0;
    for (Index i = 0; i < none_; ++i) {
        if (start_[at(i)] + shop_->task(i).duration == makespan_ && random.below(++choices) == 0) {
            last = i;
        }
    }
    for (Index i = last; i != none_; i = cause_[at(i)]) {
        const Index left = left_[at(i)];
        if (cause_[at(i)] != none_ && cause_[at(i)] != shop_->task(i).before &&
            shop_->task(left).job != shop_->task(i).job) {
            arcs.emplace_back(left, i);
        }
    }
}

void Selection::holding_up(Index job, std::vector<std::pair<Index, Index>>& arcs) const {
    arcs.clear();
    for (Index i = shop_->first()[at(job)]; i != none_; i = shop_->task(i).next) {
        const Index left = left_[at(i)];
        if (cause_[at(i)] != none_ && cause_[at(i)] != shop_->task(i).before &&
            shop_->task(left).job != job) {
            arcs.emplace_back(left, i);
        }
    }
}

}  // namespace headway::search::blocking
