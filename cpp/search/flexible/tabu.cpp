#include "search/flexible/tabu.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace headway::search::flexible {
namespace {

constexpr std::uint64_t LARGEST_TABLE = 1U << 22;
constexpr int HASHED_BITS = 18;
constexpr std::uint32_t CHECK_EVERY = 64;  // iterations between two looks at the monitor
// Ticks of a critical path that one tick of the scarcest machine is worth, one for each run.
constexpr std::array<Time, 3> THRIFT = {0, 3, 8};
constexpr Time NO_LIMIT = std::numeric_limits<Time>::max();

}  // namespace

TabuList::TabuList(const Shop& shop)
    : n_tasks_(static_cast<std::uint64_t>(shop.n_tasks())),
      mode_(at(shop.n_modes())),
      concerned_(at(shop.n_tasks())) {
    std::uint64_t size = n_tasks_ * n_tasks_;
    if (size > LARGEST_TABLE) {
        size = 1U << HASHED_BITS;
        shift_ = 64 - HASHED_BITS;
    }
    until_.resize(size);
}

void TabuList::clear() {
    std::ranges::fill(until_, 0U);
    std::ranges::fill(mode_, 0U);
    std::ranges::fill(concerned_, 0U);
}

TabuSearch::TabuSearch(const Shop& shop, Random& random)
    : random_(random),
      state_(shop),
      block_(shop.n_tasks()),
      tabu_(shop),
      order_tenure_(4 + shop.n_tasks() / std::max(1, shop.n_machines()) / 10),
      mode_tenure_(4) {
    path_.task.reserve(static_cast<std::size_t>(shop.n_tasks()));
    path_.by_machine.reserve(static_cast<std::size_t>(shop.n_tasks()));
}

Time TabuSearch::run(Plan& plan, std::uint64_t patience, Monitor& monitor) {
    state_.load(plan);
    tabu_.clear();
    if (state_.shop().has_fast_machines()) {
        thrift_ = THRIFT[static_cast<std::size_t>(random_.below(THRIFT.size()))];
    }
    Time best = state_.makespan();
    monitor.improved(best, state_);
    state_.save(plan);
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
            state_.save(plan);
            monitor.improved(best, state_);
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
    visit_moves(state_, path_, block_, limit, random_, [&](const Move& move, Time through) {
        const Time value = worth(move, through);
        if (value > limit) {
            return;
        }
        if (through >= aspiration && is_tabu(move, now)) {
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
    return best ? best : any;
}

Time TabuSearch::worth(const Move& move, Time through) const {
    const Index mode = state_.node(move.task).mode;
    if (thrift_ == 0 || move.mode == mode) {
        return through;
    }
    const Time cost = state_.shop().cost(move.mode) - state_.shop().cost(mode);
    return std::max(through, state_.makespan() - 1) + thrift_ * cost / Shop::PRICE;
}

bool TabuSearch::is_tabu(const Move& move, std::uint32_t now) const {
    const Index mode = state_.node(move.task).mode;
    if (move.mode != mode && tabu_.forbids_mode(move.mode, now)) {
        return true;
    }
    if (!tabu_.concerns(move.task, now)) {
        return false;
    }
    for (Index x = move.left; x != state_.none(); x = state_.node(x).left) {
        if (tabu_.forbids_order(x, move.task, now)) {
            return true;
        }
    }
    for (Index x = move.right; x != state_.none(); x = state_.node(x).right) {
        if (tabu_.forbids_order(move.task, x, now)) {
            return true;
        }
    }
    return false;
}

void TabuSearch::forbid(const Move& move, std::uint32_t now) {
    const Node& node = state_.node(move.task);
    const std::int32_t tenure = move.mode != node.mode ? mode_tenure_ : order_tenure_;
    const auto until = now + static_cast<std::uint32_t>(tenure + random_.below(tenure + 1));
    if (move.mode != node.mode) {
        tabu_.forbid_mode(node.mode, until);
    } else if (move.left != state_.none() && state_.node(move.left).place > node.place) {
        for (Index x = node.right; x != move.right; x = state_.node(x).right) {
            tabu_.forbid_order(move.task, x, until);
        }
    } else {
        for (Index x = node.left; x != move.left; x = state_.node(x).left) {
            tabu_.forbid_order(x, move.task, until);
        }
    }
}

}  // namespace headway::search::flexible
