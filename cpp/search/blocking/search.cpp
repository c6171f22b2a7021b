#include "search/blocking/search.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <stdexcept>

namespace headway::search::blocking {
namespace {

constexpr std::uint64_t PATIENCE = 500;  // moves made without improvement that end a run
constexpr std::int32_t TENURE = 5;   // least moves for which two may not change places again
constexpr std::int32_t SHAKES = 12;  // most random moves between two runs, and one
constexpr std::uint64_t LARGEST_TABLE = 1U << 22;
constexpr int HASHED_BITS = 18;

// Pairs of tasks that must not come into an order again for a while; where a table of all pairs is
// large, two may share an entry.
class TabuList {
public:
    explicit TabuList(const Shop& shop) : shop_(&shop) {
        std::uint64_t size = static_cast<std::uint64_t>(shop.crowd()) *
                             static_cast<std::uint64_t>(shop.n_tasks());
        if (size > LARGEST_TABLE) {
            size = 1U << HASHED_BITS;
            shift_ = 64 - HASHED_BITS;
        }
        until_.resize(size);
    }
    void clear() { std::ranges::fill(until_, 0U); }
    void forbid(Index before, Index after, std::uint64_t until) {
        until_[entry(before, after)] = until;
    }
    bool forbids(Index before, Index after, std::uint64_t now) const {
        return until_[entry(before, after)] >= now;
    }

private:
    std::size_t entry(Index before, Index after) const {
        const auto pair =
            static_cast<std::uint64_t>(before) * static_cast<std::uint64_t>(shop_->crowd()) +
            static_cast<std::uint64_t>(shop_->slot(after));
        return shift_ == 0 ? pair : (pair * 0x9e3779b97f4a7c15U) >> shift_;
    }

    const Shop* shop_;
    int shift_ = 0;
    std::vector<std::uint64_t> until_;
};

}  // namespace

// One thread's part of a search.
class Worker {
public:
    Worker(BlockingSearch& search, std::uint64_t seed, std::uint64_t iterations,
           const StopFlag& stop, const OnImprovement& on_improvement)
        : search_(&search),
          shop_(search.shop_),
          random_(seed),
          left_(iterations),
          stop_(&stop),
          on_improvement_(&on_improvement),
          state_(*search.shop_),
          tabu_(*search.shop_) {}

    std::uint64_t run() {
        bool fresh = true;
        while (more()) {
            const auto offer = search_->take_offer();
            if (offer) {
                load(*offer);
            } else if (fresh || random_.below(4) == 0) {
                build();
            } else {
                load(search_->best());
                shake();
            }
            fresh = false;
            tabu_search();
        }
        return used_;
    }

private:
    bool more() const {
        return left_ > 0 && !stop_->is_set() && !search_->incumbent_.reached();
    }
    void look(const Move& move) {
        left_ -= left_ > 0 ? 1 : 0;
        ++used_;
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
        for (std::size_t k = jobs.size(); k > 1; --k) {
            std::swap(jobs[k - 1], jobs[static_cast<std::size_t>(
                                       random_.below(static_cast<std::int32_t>(k)))]);
        }
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
        tabu_.clear();
        Time best = state_.makespan();
        std::uint64_t idle = 0;
        for (std::uint64_t now = 1; idle < PATIENCE && more(); ++now, ++idle) {
            const std::optional<Move> move = choose(now, best);
            if (!move) {
                return;
            }
            state_.apply(*move);
            state_.commit();
            // Only the two that changed places on purpose: to forbid those that gave way as well
            // would leave few moves.
            tabu_.forbid(move->left, move->right,
                         now + static_cast<std::uint64_t>(TENURE + random_.below(TENURE)));
            if (state_.makespan() < best) {
                best = state_.makespan();
                idle = 0;
                report();
            }
        }
    }

    // The best move that makes no forbidden pair or leads to a new best, ties broken at random; if
    // all are forbidden any of them.
    std::optional<Move> choose(std::uint64_t now, Time aspiration) {
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
                    return tabu_.forbids(pair.second, pair.first, now);
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
            search_->keep(state_.makespan(), state_.start());
            (*on_improvement_)(state_.makespan(), state_.start());
        }
    }

    BlockingSearch* search_;
    const Shop* shop_;
    Random random_;
    std::uint64_t left_;
    std::uint64_t used_ = 0;
    const StopFlag* stop_;
    const OnImprovement* on_improvement_;
    Selection state_;
    TabuList tabu_;
    std::vector<std::pair<Index, Index>> arcs_;
};

BlockingSearch::BlockingSearch(const Shop& shop) : shop_(&shop) {}

void BlockingSearch::offer(std::vector<Time> start) {
    if (!Selection(*shop_).load(start)) {
        throw std::invalid_argument("start: no schedule has the order of these starts");
    }
    const std::lock_guard lock(mutex_);
    offers_.push_back(std::move(start));
}

std::optional<std::vector<Time>> BlockingSearch::take_offer() {
    const std::lock_guard lock(mutex_);
    if (offers_.empty()) {
        return std::nullopt;
    }
    std::optional<std::vector<Time>> start(std::move(offers_.back()));
    offers_.pop_back();
    return start;
}

void BlockingSearch::keep(Time value, std::span<const Time> start) {
    const std::lock_guard lock(mutex_);
    if (value < best_value_) {
        best_value_ = value;
        best_.assign(start.begin(), start.end());
    }
}

std::vector<Time> BlockingSearch::best() {
    const std::lock_guard lock(mutex_);
    return best_;
}

std::uint64_t BlockingSearch::run(std::uint64_t seed, std::uint64_t iterations,
                                  const StopFlag& stop, const OnImprovement& on_improvement) {
    return Worker(*this, seed, iterations, stop, on_improvement).run();
}

}  // namespace headway::search::blocking
