#include "search/hybrid/search.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>

#include "search/exponential.hpp"
#include "search/random.hpp"

namespace headway::search::hybrid {
namespace {

constexpr Int NO_LIMIT = std::numeric_limits<Int>::max();
constexpr std::uint64_t SHORTEST_CYCLE = 2'000;
constexpr std::uint64_t CHECK_EVERY = 16;  // moves between two looks at the stop flag

}  // namespace

// One worker's search.
class Worker {
public:
    Worker(HybridSearch& search, std::uint64_t seed, std::uint64_t moves, const StopFlag& stop,
           const OnImprovement& on_improvement)
        : search_(search),
          shops_{search.shop_, &search.reversed_},
          settings_(search.settings_),
          on_improvement_(on_improvement),
          budget_(search.incumbent_, moves, stop),
          random_(seed),
          decoders_{Decoder(*shops_[0]), Decoder(*shops_[1])} {}

    std::uint64_t run() {
        if (!budget_.more()) {
            return 0;
        }
        construct();
        std::uint64_t length = SHORTEST_CYCLE;
        while (budget_.more()) {
            if (auto offer = search_.offers_.take()) {
                current_.backward = false;
                current_.order = std::move(*offer);
                current_.value = value(NO_LIMIT);
                note();
            } else {
                best_ = search_.best_.below(best_.value).value_or(best_);
                current_ = best_;
            }
            if (shops_[0]->is_reversible() && random_.below(2) == 0) {
                turn();
            }
            anneal(length);
            length = std::min(2 * length, std::max(SHORTEST_CYCLE, settings_.cycle));
        }
        return budget_.used();
    }

private:
    static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
    const Shop& shop() const { return *shops_[current_.backward ? 1 : 0]; }
    Decoder& decoder() { return decoders_[current_.backward ? 1 : 0]; }
    Int value(Int limit) { return decoder().value(current_.order, limit); }

    // Long jobs, or urgent ones, first.
    void construct() {
        current_.order.resize(at(shop().n_jobs()));
        std::iota(current_.order.begin(), current_.order.end(), 0);
        const Int sign = shop().aim() == Aim::LATEST ? -1 : 1;
        std::ranges::sort(current_.order, {}, [&](Index job) {
            return std::tuple(shop().due(job), sign * shop().work(job), job);
        });
        current_.value = value(NO_LIMIT);
        note();
    }

    // The same schedule seen from its other end: the last stage becomes the first, and the jobs
    // that end last come first.
    void turn() {
        decoder().schedule(current_.order, assignment_);
        const auto stages = at(shop().n_stages());
        const auto end = [&](Index job) {
            const std::size_t last = at(job) * stages + stages - 1;
            return assignment_.start[last] + shop().duration(job)[assignment_.machine[last]];
        };
        std::ranges::stable_sort(current_.order, std::greater{}, end);
        current_.backward = !current_.backward;
        current_.value = value(NO_LIMIT);
        note();
    }

    // Random moves at a falling temperature.
    void anneal(std::uint64_t length) {
        const Int hot = shop().mean_duration() * settings_.temperature / 1000;
        const auto all = static_cast<Int>(length);
        for (Int k = 0; k < all && !budget_.is_spent(); ++k, budget_.spend(1)) {
            if (static_cast<std::uint64_t>(k) % CHECK_EVERY == 0 && !budget_.more()) {
                return;
            }
            const Int left = (all - k) * 1024 / all;
            const Int temperature = hot * left / 1024 * left / 1024;
            const Int loss = temperature * exponential(random_) >> 20;
            move(current_.value + loss);
        }
    }

    // Takes one job to another place, or swaps two, unless the value passes a limit.
    void move(Int limit) {
        const Index n = shop().n_jobs();
        if (n < 2) {
            return;
        }
        const Index from = random_.below(n);
        Index to = random_.below(n - 1);
        to += to >= from ? 1 : 0;
        const bool swap = random_.below(4) == 0;
        change(from, to, swap);
        const Int found = value(limit);
        if (found <= limit) {
            current_.value = found;
            if (found < best_.value) {
                note();
            }
        } else {
            change(to, from, swap);
        }
    }

    void change(Index from, Index to, bool swap) {
        const auto begin = current_.order.begin();
        if (swap) {
            std::iter_swap(begin + from, begin + to);
        } else if (from < to) {
            std::rotate(begin + from, begin + from + 1, begin + to + 1);
        } else {
            std::rotate(begin + to, begin + from, begin + from + 1);
        }
    }

    void note() {
        if (current_.value < best_.value) {
            best_ = current_;
            if (search_.incumbent_.note(best_.value)) {
                search_.best_.note(best_.value, best_);
                report();
            }
        }
    }

    void report() {
        decoder().schedule(current_.order, assignment_);
        if (current_.backward) {
            // Time runs forward again, and machines are numbered from the first stage on.
            const auto stages = at(shop().n_stages());
            const auto end = static_cast<Time>(current_.value);
            forward_.start.resize(assignment_.start.size());
            forward_.machine.resize(assignment_.start.size());
            for (Index job = 0; job < shop().n_jobs(); ++job) {
                for (std::size_t s = 0; s < stages; ++s) {
                    const std::size_t there = at(job) * stages + s;
                    const std::size_t here = at(job) * stages + stages - 1 - s;
                    const Index machine = assignment_.machine[there];
                    forward_.start[here] =
                        end - assignment_.start[there] - shop().duration(job)[machine];
                    forward_.machine[here] = shop().n_machines() - 1 - machine;
                }
            }
            std::swap(assignment_, forward_);
        }
        on_improvement_(current_.value, assignment_.start, assignment_.machine);
    }

    HybridSearch& search_;
    std::array<const Shop*, 2> shops_;
    const SearchSettings& settings_;
    const OnImprovement& on_improvement_;
    Budget budget_;
    Random random_;
    std::array<Decoder, 2> decoders_;
    Solution current_, best_;
    Assignment assignment_, forward_;
};

std::uint64_t HybridSearch::run(std::uint64_t seed, std::uint64_t moves, const StopFlag& stop,
                                const OnImprovement& on_improvement) {
    return Worker(*this, seed, moves, stop, on_improvement).run();
}

}  // namespace headway::search::hybrid
