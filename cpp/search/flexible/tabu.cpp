#include "search/flexible/tabu.hpp"

#include <algorithm>
#include <array>

namespace headway::search::flexible {
namespace {

constexpr std::uint32_t CHECK_EVERY = 64;  // iterations between two looks at the watch
// Ticks of a critical path that one tick of the scarcest machine is worth, one for each run.
constexpr std::array<Time, 3> THRIFT = {0, 3, 8};

}  // namespace

TabuList::TabuList(const Shop& shop)
    : until_(shop.n_tasks(), shop.n_tasks()),
      mode_(at(shop.n_modes())),
      concerned_(at(shop.n_tasks())) {}

void TabuList::clear() {
    until_.clear();
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

void TabuSearch::run(Plan& plan, std::uint64_t patience, Watch<Plan>& watch) {
    state_.load(plan);
    tabu_.clear();
    if (state_.shop().has_fast_machines()) {
        thrift_ = THRIFT[static_cast<std::size_t>(random_.below(THRIFT.size()))];
    }
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
    const auto offer = [&](const Move& move, Time through) {
        choice.offer(move, worth(move, through),
                     [&] { return through >= aspiration && is_tabu(move, now); });
    };
    visit_moves(state_, path_, block_, choice.limit(), random_, offer);
    return choice.made();
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
