#include "search/job_shop/tabu.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace headway::search::job_shop {
namespace {

constexpr std::uint64_t LARGEST_TABLE = 1U << 22;
constexpr int HASHED_BITS = 18;
constexpr std::uint32_t CHECK_EVERY = 128;  // iterations between two looks at the monitor
constexpr Time NO_LIMIT = std::numeric_limits<Time>::max();

}  // namespace

TabuList::TabuList(const Shop& shop)
    : shop_(&shop),
      crowd_(static_cast<std::uint64_t>(shop.crowd())),
      as_before_(at(shop.n_tasks())),
      as_after_(at(shop.n_tasks())) {
    std::uint64_t size = crowd_ * static_cast<std::uint64_t>(shop.n_tasks());
    if (size > LARGEST_TABLE) {
        size = 1U << HASHED_BITS;
        shift_ = 64 - HASHED_BITS;
    }
    until_.resize(size);
}

void TabuList::clear() {
    std::ranges::fill(until_, 0U);
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

Time TabuSearch::run(std::vector<Index>& order, std::uint64_t patience, Monitor& monitor) {
    state_.load(order);
    tabu_.clear();
    Time best = state_.makespan();
    monitor.improved(best, state_.order());
    std::ranges::copy(state_.order(), order.begin());
    std::uint64_t idle = 0;
    std::uint32_t now = 1;
    for (; idle < patience; ++now, ++idle) {
        if (now % CHECK_EVERY == 0 && !monitor.go_on(CHECK_EVERY)) {
            return best;
        }
        const std::optional<Move> move = choose(now, best);
        if (!move) {
            break;
        }
        forbid(*move, now);
        state_.apply(*move);
        if (state_.makespan() < best) {
            best = state_.makespan();
            std::ranges::copy(state_.order(), order.begin());
            monitor.improved(best, order);
            idle = 0;
        }
    }
    // Even a run without a move counts, so that every limit is reached at some time.
    monitor.go_on((now - 1) % CHECK_EVERY + 1);
    return best;
}

std::optional<Move> TabuSearch::choose(std::uint32_t now, Time aspiration) {
    state_.trace(path_, random_);
    std::optional<Move> best, any;
    Time limit = NO_LIMIT;
    Index ties = 0, seen = 0;
    for_each_block(state_, path_, block_, [&](Block& block) {
        block.moves(state_, [&](const Move& move, Index i, Index j, auto&& estimate) {
            const Time value = estimate(limit);
            if (value > limit) {
                return;
            }
            if (value >= aspiration && is_tabu(move, block, i, j, now)) {
                if (!best && random_.below(++seen) == 0) {
                    any = move;
                }
                return;
            }
            ties = value < limit ? 1 : ties + 1;
            limit = value;
            if (ties == 1 || random_.below(ties) == 0) {
                best = move;
            }
        });
    });
    return best ? best : any;
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
