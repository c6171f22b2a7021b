#include "search/shop/paths.hpp"

#include <algorithm>

namespace headway::search::shop {

Paths::Paths(const Shop& shop)
    : shop_(&shop),
      joined_(at(shop.no_node()) + 1),
      seen_(at(shop.n_tasks())),
      last_(at(shop.n_groups())),
      ties_(at(shop.n_groups())) {}

void Paths::clear() {
    for (const Index task : tasks_) {
        seen_[at(task)] = 0;
    }
    for (const Index node : nodes_) {
        joined_[at(node)] = 0;
    }
    tasks_.clear();
    nodes_.clear();
    blocks_.clear();
    costly_.clear();
}

void Paths::trace(const State& state, Index most, Random& random) {
    clear();
    for (Index g = 0; g < shop_->n_groups(); ++g) {
        ties_[at(g)] = 0;
        if (state.completion(g) > shop_->groups()[at(g)].threshold) {
            costly_.push_back(g);
        }
    }
    const auto kept = std::min(costly_.size(), at(most));
    for (std::size_t k = 0; k < kept; ++k) {
        const auto rest = static_cast<Index>(costly_.size() - k);
        std::swap(costly_[k], costly_[k + at(random.below(rest))]);
    }
    costly_.resize(kept);
    for (Index i = 0; i < shop_->n_tasks(); ++i) {
        for (const Member& member : shop_->memberships(i)) {
            const Index g = member.group;
            if (state.end(i) + member.offset == state.completion(g) &&
                (++ties_[at(g)] == 1 || random.below(ties_[at(g)]) == 0)) {
                last_[at(g)] = i;
            }
        }
    }
    for (const Index g : costly_) {
        follow(state, last_[at(g)], random);
    }
    for (const Index node : nodes_) {
        const Index before = state.left(node);
        if (!joins(before)) {
            blocks_.push_back(before);
        }
    }
}

// Goes back from a task to the start of a longest path to it, or to where a known path begins.
void Paths::follow(const State& state, Index task, Random& random) {
    const Index none = shop_->n_tasks();
    while (task != none && seen_[at(task)] == 0) {
        seen_[at(task)] = 1;
        tasks_.push_back(task);
        Index next = none, by = shop_->no_node();
        Index choices = 0;
        const auto offer = [&](Index before, Time lag, Index node) {
            if (before != none && state.head(before) + lag == state.head(task) &&
                (++choices == 1 || random.below(choices) == 0)) {
                next = before;
                by = node;
            }
        };
        if (state.head(task) > 0) {
            for (const Link& link : shop_->before(task)) {
                offer(link.task, state.lag_before(link, task), shop_->no_node());
            }
            for (Index slot = 0; slot < shop_->width(); ++slot) {
                const Index node = shop_->node(task, slot);
                if (state.machine(node) >= 0 && state.left(node) != shop_->no_node()) {
                    offer(shop_->owner(state.left(node)), state.arc(state.left(node), node), node);
                }
            }
        }
        if (by != shop_->no_node()) {
            joined_[at(by)] = 1;
            nodes_.push_back(by);
        }
        task = next;
    }
}

}  // namespace headway::search::shop
