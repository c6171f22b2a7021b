#include "search/job_shop/tabu.hpp"

#include <algorithm>

namespace headway::search::job_shop {
namespace {

constexpr std::uint32_t CHECK_EVERY = 128;  // iterations between two looks at the watch

}  // namespace

TabuList::TabuList(const Shop& shop)
    : shop_(&shop),
      until_(shop.n_tasks(), shop.crowd()),
      as_before_(at(shop.n_tasks())),
      as_after_(at(shop.n_tasks())) {}

void TabuList::clear() {
    until_.clear();
    std::ranges::fill(as_before_, 0U);
    std::ranges::fill(as_after_, 0U);
}

TabuSearch::TabuSearch(const Shop& shop, Neighbourhood neighbourhood, std::int32_t tenure,
                       Random& random)
    : random_(random),
      state_(shop),
      block_(shop.crowd(), neighbourhood),
      tabu_(shop),
      tenure_(tenure) {
    path_.task.reserve(static_cast<std::size_t>(shop.n_tasks()));
    path_.by_machine.reserve(static_cast<std::size_t>(shop.n_tasks()));
}

void TabuSearch::run(Plan& plan, std::uint64_t patience, Watch<Plan>& watch) {
    state_.load(plan.order);
    tabu_.clear();
    run_tabu(state_, plan, patience, CHECK_EVERY, watch,
             [&](std::uint32_t now, Time best) -> std::optional<Int> {
                 const std::optional<Move> move = choose(now, best);
                 if (!move) {
                     return std::nullopt;
                 }
                 forbid(*move, now);
                 state_.apply(*move);
                 return state_.makespan();
             });
}

std::optional<Move> TabuSearch::choose(std::uint32_t now, Time aspiration) {
    state_.trace(path_, random_);
    Choice<Move> choice(random_);
    for_each_block(state_, path_, !state_.shop().has_breaks(), block_, [&](Block& block) {
        block.moves(state_, [&](const Move& move, Index i, Index j, auto&& estimate) {
            const Time value = estimate(choice.limit());
            choice.offer(move, value, [&] {
                return value >= aspiration && is_tabu(move, block, i, j, now);
            });
        });
    });
    return choice.made();
}

bool TabuSearch::is_tabu(const Move& move, const Block& block, Index i, Index j,
                         std::uint32_t now) const {
    if (!tabu_.concerns(move.task, !move.forward, now)) {
        return false;
    }
    if (move.forward) {
        for (Index k = i + 1; k <= j; ++k) {
            if (tabu_.forbids(block.task(k), move.task, now)) {
                return true;
            }
        }
        return false;
    }
    for (Index k = i; k < j; ++k) {
        if (tabu_.forbids(move.task, block.task(k), now)) {
            return true;
        }
    }
    return false;
}

void TabuSearch::forbid(const Move& move, std::uint32_t now) {
    const auto until = now + static_cast<std::uint32_t>(tenure_ + random_.below(tenure_ + 1));
    if (move.forward) {
        for (Index x = move.task; x != move.anchor;) {
            x = state_.node(x).right;
            tabu_.forbid(move.task, x, until);
        }
    } else {
        for (Index x = move.task; x != move.anchor;) {
            x = state_.node(x).left;
            tabu_.forbid(x, move.task, until);
        }
    }
}

}  // namespace headway::search::job_shop
