#include "simulate/shop/play.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace headway::simulate::shop {
namespace {

constexpr Int DECISIONS_BETWEEN_LOOKS = 256;

// Scores of candidates; those of steady columns alone are computed once per wait.
class Judge {
public:
    Judge(const World& world, Score score) : world_(world), score_(std::move(score)) {
        steady_ = std::ranges::all_of(score_.columns(), [](Int column) {
            return is_steady(static_cast<Column>(column));
        });
        if (steady_) {
            known_.resize(world.shop().machine.size());
            news_.assign(known_.size(), ABSENT);
        }
    }

    bool steady() const { return steady_; }

    double operator()(Int mode) {
        if (!steady_) {
            return compute(mode);
        }
        const Int news = world_.news(mode);
        if (news_[mode] != news) {
            news_[mode] = news;
            known_[mode] = compute(mode);
        }
        return known_[mode];
    }

private:
    double compute(Int mode) {
        return score_([&](Int column) { return world_.value(static_cast<Column>(column), mode); });
    }

    const World& world_;
    Score score_;
    bool steady_;
    std::vector<double> known_;
    std::vector<Int> news_;
};

// Candidates of each machine in a heap, for scores that stay as they are while jobs wait. Entries
// that are out of date are dropped when they come to the top.
class Heaps {
public:
    Heaps(World& world, Judge& judge)
        : world_(world), judge_(judge), heaps_(world.shop().buffer.size()) {}

    void update() {
        for (const Int mode : world_.told()) {
            if (!world_.waits(mode)) {
                continue;  // joined and called off between two decisions
            }
            auto& heap = heaps_[world_.shop().machine[mode]];
            heap.push_back({judge_(mode), mode, world_.news(mode)});
            std::ranges::push_heap(heap, goes_after);
        }
        world_.told().clear();
    }

    // The best mode of the open machines, or of the first of them alone.
    Int best(bool per_machine) {
        const auto& open = world_.open_machines();
        if (per_machine) {
            return top(std::ranges::min(open)).mode;
        }
        const Entry* first = &top(open.front());
        for (std::size_t k = 1; k < open.size(); ++k) {
            const Entry& other = top(open[k]);
            first = goes_after(*first, other) ? &other : first;
        }
        return first->mode;
    }

private:
    struct Entry {
        double score;
        Int mode;
        Int news;
    };

    static bool goes_after(const Entry& a, const Entry& b) {
        return beats(b.score, a.score) || (!beats(a.score, b.score) && b.mode < a.mode);
    }

    const Entry& top(Int machine) {
        auto& heap = heaps_[machine];
        while (world_.news(heap.front().mode) != heap.front().news) {
            std::ranges::pop_heap(heap, goes_after);
            heap.pop_back();
        }
        return heap.front();
    }

    World& world_;
    Judge& judge_;
    std::vector<std::vector<Entry>> heaps_;
};

bool play_plain(World& world, Judge& judge, Int until, const search::StopFlag& stop) {
    Heaps heaps(world, judge);
    world.watch();
    bool stopped = false;
    while (!stopped && world.advance(until)) {
        stopped = world.n_decisions() % DECISIONS_BETWEEN_LOOKS == 0 && stop.is_set();
        if (!stopped) {
            heaps.update();
            world.choose(heaps.best(world.per_machine()));
        }
    }
    world.unwatch();
    return !stopped;
}

}  // namespace

bool play(World& world, Score score, bool waits, Int until, const search::StopFlag& stop) {
    Judge judge(world, std::move(score));
    if (judge.steady() && !waits && world.shop().plain() && !world.deciding()) {
        return play_plain(world, judge, until, stop);
    }
    while (world.advance(until)) {
        if (world.n_decisions() % DECISIONS_BETWEEN_LOOKS == 0 && stop.is_set()) {
            return false;
        }
        const bool may_hold = waits && world.may_hold();
        Int best = ABSENT;
        double most = 0;
        for (const Int mode : world.candidates()) {
            const double value = judge(mode);
            if (may_hold && world.outside(mode) && !(value > 0)) {
                continue;
            }
            if (best == ABSENT || beats(value, most) || (!beats(most, value) && mode < best)) {
                best = mode;
                most = value;
            }
        }
        if (best == ABSENT) {
            world.hold();
        } else {
            world.choose(best);
        }
    }
    return true;
}

}  // namespace headway::simulate::shop
