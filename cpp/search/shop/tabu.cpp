#include "search/shop/tabu.hpp"

#include <algorithm>
#include <limits>

namespace headway::search::shop {
namespace {

constexpr Time NO_LIMIT = std::numeric_limits<Time>::max();

// Insertions out of so many iterations. They cost as much as several shifts, but only they change
// modes, and move a task on all of its machines at once.
constexpr std::int32_t ALL = 1024;
constexpr std::int32_t WITH_CHOICES = 512;
constexpr std::int32_t ON_SEVERAL_MACHINES = 700;
constexpr std::int32_t WITH_SETUPS = 200;

constexpr Index PATHS = 4;  // followed at once where many completions count
constexpr std::int32_t SHORTEST_TENURE = 5;
constexpr std::int32_t TENURES = 9;
constexpr std::uint64_t WORK_PER_CHECK = 1U << 21;
constexpr std::uint64_t MOST_PER_CHECK = 128;

}  // namespace

TabuList::TabuList(const Shop& shop)
    : pairs_(shop.n_tasks(), shop.n_tasks()),
      modes_(at(shop.first_mode(shop.n_tasks()))) {}

void TabuList::clear() {
    pairs_.clear();
    std::ranges::fill(modes_, 0U);
}

TabuSearch::TabuSearch(const Shop& shop, Random& random)
    : shop_(&shop),
      random_(random),
      state_(shop),
      paths_(shop),
      block_(shop),
      insertion_(shop),
      tabu_(shop),
      insertions_(shop.width() > 1     ? ON_SEVERAL_MACHINES
                  : shop.has_choices() ? WITH_CHOICES
                  : shop.has_setups()  ? WITH_SETUPS
                                       : 0),
      most_paths_(shop.n_groups() == 1 ? 1 : PATHS) {
    const std::uint64_t work = static_cast<std::uint64_t>(shop.n_tasks()) *
                               static_cast<std::uint64_t>(shop.n_groups() + 8);
    check_every_ = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(WORK_PER_CHECK / (work + 1), 1, MOST_PER_CHECK));
}

void TabuSearch::run(Solution& solution, std::uint64_t patience, Watch<Solution>& watch) {
    state_.load(solution.order, solution.choice);
    tabu_.clear();
    run_tabu(state_, solution, patience, check_every_, watch,
             [&](std::uint32_t now, Time best) -> std::optional<Int> {
                 return step(now, best) ? std::optional(state_.value()) : std::nullopt;
             });
}

bool TabuSearch::step(std::uint32_t now, Time aspiration) {
    tabu_.set_now(now);
    paths_.trace(state_, most_paths_, random_);
    if (paths_.tasks().empty()) {
        return false;
    }
    if (random_.below(ALL) < insertions_) {
        if (try_insertion(now, aspiration, state_.value())) {
            return true;
        }
        paths_.trace(state_, most_paths_, random_);
    }
    return try_shift(now, aspiration) || try_insertion(now, aspiration, NO_LIMIT);
}

std::uint32_t TabuSearch::until(std::uint32_t now) {
    return now + static_cast<std::uint32_t>(SHORTEST_TENURE + random_.below(TENURES));
}

bool TabuSearch::try_shift(std::uint32_t now, Time aspiration) {
    Choice<Shift> choice(random_);
    for_each_shift(state_, paths_, block_, random_, [&](const Shift& shift, auto&& estimate) {
        const Time value = estimate();
        choice.offer(shift, value, [&] { return value >= aspiration && is_tabu(shift); });
    });
    const std::optional<Shift>& chosen = choice.made();
    if (!chosen) {
        return false;
    }
    forbid(*chosen, until(now));
    state_.apply(*chosen);
    return true;
}

bool TabuSearch::is_tabu(const Shift& shift) const {
    const Index task = shop_->owner(shift.node);
    for (Index x = shift.node; x != shift.anchor;) {
        x = shift.forward ? state_.right(x) : state_.left(x);
        const Index other = shop_->owner(x);
        if ((shift.forward ? tabu_.pair(other, task) : tabu_.pair(task, other)) != 0) {
            return true;
        }
    }
    return false;
}

void TabuSearch::forbid(const Shift& shift, std::uint32_t until) {
    const Index task = shop_->owner(shift.node);
    for (Index x = shift.node; x != shift.anchor;) {
        x = shift.forward ? state_.right(x) : state_.left(x);
        if (shift.forward) {
            tabu_.forbid_pair(task, shop_->owner(x), until);
        } else {
            tabu_.forbid_pair(shop_->owner(x), task, until);
        }
    }
}

bool TabuSearch::try_insertion(std::uint32_t now, Time aspiration, Time worst) {
    const auto n = static_cast<Index>(paths_.tasks().size());
    const Index task = paths_.tasks()[at(random_.below(n))];
    origin_.choice = state_.choice(task);
    origin_.left.clear();
    for (Index slot = 0; slot < shop_->width(); ++slot) {
        if (state_.machine(shop_->node(task, slot)) >= 0) {
            origin_.left.push_back(state_.left(shop_->node(task, slot)));
        }
    }
    state_.lift(task);
    Time limit = NO_LIMIT;
    Index ties = 0;
    bool found = false, returned = false;
    Index seen = 0;
    insertion_.visit(state_, task, origin_, tabu_,
                     [&](const Place& place, Time value, Index blocked, bool origin) {
                         if (origin) {
                             back_ = place;
                             returned = true;
                             return;
                         }
                         if (value >= aspiration && blocked > 0) {
                             if (random_.below(++seen) == 0) {
                                 any_place_ = place;
                             }
                             return;
                         }
                         if (value > limit) {
                             return;
                         }
                         ties = value < limit ? 1 : ties + 1;
                         limit = value;
                         if (ties == 1 || random_.below(ties) == 0) {
                             best_place_ = place;
                             found = true;
                         }
                     });
    if (returned && (!found || limit > worst)) {
        state_.insert(task, back_.choice, back_.left, back_.behind);
        return worst == NO_LIMIT;
    }
    const Place& place = found ? best_place_ : any_place_;
    forbid_origin(task, place, until(now));
    state_.insert(task, place.choice, place.left, place.behind);
    return true;
}

// Nothing that the task was behind on its machines may come behind it again, nor the other way
// round; or it may not take the mode again if it changes.
void TabuSearch::forbid_origin(Index task, const Place& place, std::uint32_t until) {
    if (place.choice != origin_.choice) {
        tabu_.forbid_mode(shop_->first_mode(task) + origin_.choice, until);
        return;
    }
    const auto rank = [&](Index node) {
        return node == shop_->no_node() ? Index{-1} : state_.place(shop_->owner(node));
    };
    for (std::size_t slot = 0; slot < origin_.left.size(); ++slot) {
        const Index before = origin_.left[slot], now = place.left[slot];
        for (Index x = now; rank(x) > rank(before); x = state_.left(x)) {
            tabu_.forbid_pair(task, shop_->owner(x), until);
        }
        for (Index x = before; rank(x) > rank(now); x = state_.left(x)) {
            tabu_.forbid_pair(shop_->owner(x), task, until);
        }
    }
}

}  // namespace headway::search::shop
