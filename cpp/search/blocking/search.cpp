#include "search/blocking/search.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <stdexcept>

#include "search/random.hpp"
#include "search/tabu.hpp"

namespace headway::search::blocking {
namespace {

constexpr std::uint64_t PATIENCE = 500;  // moves made without improvement that end a run
constexpr std::int32_t TENURE = 5;   // least moves for which two may not change places again
constexpr std::int32_t SHAKES = 12;  // most random moves between two runs, and one

}  // namespace

// One thread's part of a search.
class Worker {
public:
    Worker(BlockingSearch& search, std::uint64_t seed, std::uint64_t iterations,
           const StopFlag& stop, const OnImprovement& on_improvement)
        : search_(&search),
          shop_(search.shop_),
          random_(seed),
          budget_(search.incumbent_, iterations, stop),
          on_improvement_(&on_improvement),
          state_(*search.shop_),
          forbidden_until_(shop_->n_tasks(), shop_->crowd()) {}

    std::uint64_t run() {
        bool fresh = true;
        while (more()) {
            if (const auto offer = search_->offers_.take()) {
                load(*offer);
            } else if (const auto known = search_->best_.get();
                       fresh || random_.below(4) == 0 || !known) {
                build();
            } else {
                load(*known);
                shake();
            }
            fresh = false;
            tabu_search();
        }
        return budget_.used();
    }

private:
    bool more() const { return budget_.more(); }
    void look(const Move& move) {
        budget_.spend(1);
        state_.apply(move);
    }

    void load(std::span<const Time> start) {
        if (!state_.load(start)) {
            throw std::logic_error("blocking job shop: a known schedule cannot be met");
        }
        report();
    }

    // One job after another, in random order; each then goes before others as long as that makes
    // the schedule no longer.
    void build() {
        std::vector<Index> jobs(static_cast<std::size_t>(shop_->n_jobs()));
        std::iota(jobs.begin(), jobs.end(), 0);
        shuffle(jobs, random_);
        state_.line_up(jobs);
        report();
        for (const Index job : jobs) {
            pull(job);
        }
        report();
    }

    void pull(Index job) {
        bool better = true;
        while (better && more()) {
            better = false;
            state_.holding_up(job, arcs_);
            for (const auto& [left, right] : arcs_) {
                const Time before = state_.makespan();
                look({left, right, true});
                if (state_.makespan() <= before) {
                    state_.commit();
                    better = true;
                    break;
                }
                state_.undo();
            }
        }
    }

    // Some random moves on critical paths.
    void shake() {
        const std::int32_t times = 2 + random_.below(SHAKES);
        for (std::int32_t k = 0; k < times && more(); ++k) {
            state_.critical(arcs_, random_);
            if (arcs_.empty()) {
                return;
            }
            const auto& [left, right] = arcs_[static_cast<std::size_t>(
                random_.below(static_cast<std::int32_t>(arcs_.size())))];
            look({left, right, random_.below(2) == 0});
            state_.commit();
        }
    }

    void tabu_search() {
        forbidden_until_.clear();
        Time best = state_.makespan();
        std::uint64_t idle = 0;
        for (std::uint32_t now = 1; idle < PATIENCE && more(); ++now, ++idle) {
            const std::optional<Move> move = choose(now, best);
            if (!move) {
                return;
            }
            state_.apply(*move);
            state_.commit();
            // Only the two that changed places on purpose: to forbid those that gave way as well
            // would leave few moves.
            forbidden_until_.at(move->left, shop_->slot(move->right)) =
                now + static_cast<std::uint32_t>(TENURE + random_.below(TENURE));
            if (state_.makespan() < best) {
                best = state_.makespan();
                idle = 0;
                report();
            }
        }
    }

    // The best move that makes no forbidden pair or leads to a new best, ties broken at random; if
    // all are forbidden any of them.
    std::optional<Move> choose(std::uint32_t now, Time aspiration) {
        std::optional<Move> best, any;
        Time least = FOREVER;
        std::int32_t ties = 0, seen = 0;
        state_.critical(arcs_, random_);
        for (const auto& [left, right] : arcs_) {
            for (const bool pull : {true, false}) {
                if (!more()) {
                    return std::nullopt;
                }
                const Move move{left, right, pull};
                look(move);
                const Time value = state_.makespan();
                const bool forbidden = std::ranges::any_of(state_.pairs(), [&](const auto& pair) {
                    return forbidden_until_.at(pair.second, shop_->slot(pair.first)) >= now;
                });
                state_.undo();
                if (forbidden && value >= aspiration) {
                    any = random_.below(++seen) == 0 ? move : any;
                } else if (value <= least) {
                    ties = value < least ? 1 : ties + 1;
                    least = value;
                    best = random_.below(ties) == 0 ? move : best;
                }
            }
        }
        return best ? best : any;
    }

    void report() {
        if (search_->incumbent_.note(state_.makespan())) {
            const auto start = state_.start();
            search_->best_.note(state_.makespan(), {start.begin(), start.end()});
            (*on_improvement_)(state_.makespan(), start);
        }
    }

    BlockingSearch* search_;
    const Shop* shop_;
    Random random_;
    Budget budget_;
    const OnImprovement* on_improvement_;
    Selection state_;
    // Until when two tasks must not come into an order again.
    TabuTable forbidden_until_;
    std::vector<std::pair<Index, Index>> arcs_;
};

BlockingSearch::BlockingSearch(const Shop& shop) : shop_(&shop) {}

void BlockingSearch::offer(std::vector<Time> start) {
    if (!Selection(*shop_).load(start)) {
        throw std::invalid_argument("start: no schedule has the order of these starts");
    }
    offers_.add(std::move(start));
}

std::uint64_t BlockingSearch::run(std::uint64_t seed, std::uint64_t iterations,
                                  const StopFlag& stop, const OnImprovement& on_improvement) {
    return Worker(*this, seed, iterations, stop, on_improvement).run();
}

}  // namespace headway::search::blocking
