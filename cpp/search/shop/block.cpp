#include "search/shop/block.hpp"

#include <algorithm>

namespace headway::search::shop {

Block::Block(const Shop& shop)
    : shop_(&shop),
      n_groups_(static_cast<std::size_t>(shop.n_groups())),
      rest_(at(LONGEST) * n_groups_),
      tail_(n_groups_),
      through_(n_groups_) {
    for (auto* column : {&ready_, &head_}) {
        column->resize(at(LONGEST));
    }
    node_.reserve(at(LONGEST));
    turn_.reserve(at(LONGEST));
}

void Block::load(const State& state, const Paths& paths, Index begin, Random& random) {
    Index length = 1;
    for (Index x = state.right(begin); x != shop_->no_node() && paths.joins(x); x = state.right(x)) {
        ++length;
    }
    if (length > LONGEST) {
        for (Index skip = random.below(length - LONGEST + 1); skip > 0; --skip) {
            begin = state.right(begin);
        }
        length = LONGEST;
    }
    node_.clear();
    for (Index k = 0; k < length; ++k) {
        const Index task = shop_->owner(begin), slot = begin - shop_->node(task, 0);
        node_.push_back(begin);
        ready_[at(k)] = state.ready(task, slot);
        state.rest(task, slot, rest_.data() + at(k) * n_groups_);
        begin = state.right(begin);
    }
}

Time Block::behind(const State& state, Index i, Index j) {
    turn_.clear();
    for (Index k = i + 1; k <= j; ++k) {
        turn_.push_back(k);
    }
    turn_.push_back(i);
    return estimate(state, i, j);
}

Time Block::before(const State& state, Index i, Index j) {
    turn_.assign(1, j);
    for (Index k = i; k < j; ++k) {
        turn_.push_back(k);
    }
    return estimate(state, i, j);
}

Time Block::estimate(const State& state, Index i, Index j) {
    const Index machine = state.machine(node(i));
    Index left = shop_->owner(state.left(node(i)));
    Time free = state.end(left);
    for (std::size_t k = 0; k < turn_.size(); ++k) {
        const Index task = shop_->owner(node(turn_[k]));
        head_[k] = std::max(ready_[at(turn_[k])], free + shop_->setup(machine, left, task));
        free = head_[k] + state.duration(task);
        left = task;
    }
    const Index after = shop_->owner(state.right(node(j)));
    Index right = after;
    const Time* behind = state.tail(after);
    for (std::size_t k = turn_.size(); k-- > 0;) {
        const Index task = shop_->owner(node(turn_[k]));
        const Time length = state.duration(task) + shop_->setup(machine, task, right);
        const Time* rest = rest_.data() + at(turn_[k]) * n_groups_;
        const Time head = head_[k];
        const bool last = k + 1 == turn_.size();
        for (std::size_t g = 0; g < n_groups_; ++g) {
            const Time by_machine = length + behind[g];
            const Time tail = by_machine > rest[g] ? by_machine : rest[g];
            const Time path = head + tail;
            tail_[g] = tail;
            through_[g] = last || path > through_[g] ? path : through_[g];
        }
        behind = tail_.data();
        right = task;
    }
    const Index first = shop_->owner(node(i));
    const Time* tail = state.tail(first);
    const Time head = state.head(first);
    Time value = shop_->constant();
    for (std::size_t g = 0; g < n_groups_; ++g) {
        const Time now = state.completion(static_cast<Index>(g));
        const bool elsewhere = now > head + tail[g];
        const Time then = elsewhere && now > through_[g] ? now : through_[g];
        value += shop_->groups()[g].cost(then);
    }
    return value;
}

}  // namespace headway::search::shop
