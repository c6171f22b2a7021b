#include "search/energetic.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <stdexcept>
#include <vector>

namespace headway::search {
namespace {

constexpr Int LARGEST = Int{1} << 44;

void check(const EnergyTables& t, Int low) {
    const std::size_t n = t.head.size(), steps = t.step_time.size();
    if (t.work.size() != n || t.tail.size() != n || t.amount.size() != n ||
        t.step_capacity.size() != steps || steps == 0 || t.step_time[0] != 0 ||
        !std::ranges::is_sorted(t.step_time)) {
        throw std::invalid_argument("energetic bound: columns do not fit together");
    }
    const auto wrong = [](Int value) { return value < 0 || value > LARGEST; };
    for (const Ints column : {t.head, t.work, t.tail, t.amount, t.step_time, t.step_capacity}) {
        if (std::ranges::any_of(column, wrong)) {
            throw std::invalid_argument("energetic bound: a number is out of range");
        }
    }
    Int total = 0;  // amounts times durations are to add up without overflow
    for (std::size_t i = 0; i < n; ++i) {
        const Int most = std::numeric_limits<Int>::max() / 4;
        if (t.amount[i] > 0 && t.work[i] > (most - total) / t.amount[i]) {
            throw std::invalid_argument("energetic bound: the work does not fit");
        }
        total += t.amount[i] * t.work[i];
    }
    if (wrong(low)) {
        throw std::invalid_argument("energetic bound: a number is out of range");
    }
}

class Energy {
public:
    explicit Energy(const EnergyTables& tables) : t_(tables) {
        for (std::size_t k = 0; k < t_.step_time.size(); ++k) {
            const Int length = k == 0 ? 0 : t_.step_time[k] - t_.step_time[k - 1];
            const Int capacity = k == 0 ? 0 : std::min(t_.step_capacity[k - 1], MOST / (length + 1));
            delivered_.push_back(k == 0 ? 0 : std::min(MOST, delivered_.back() + capacity * length));
        }
    }

    // Whether some interval has more work to do than it can if all is to end by `makespan`.
    bool refutes(Int makespan, Int effort) {
        for (std::size_t i = 0; i < t_.head.size(); ++i) {
            if (t_.head[i] + t_.work[i] + t_.tail[i] > makespan) {
                return true;
            }
        }
        begins_.clear();
        for (std::size_t i = 0; i < t_.head.size(); ++i) {
            begins_.push_back(t_.head[i]);
            begins_.push_back(makespan - t_.tail[i] - t_.work[i]);
            begins_.push_back(t_.head[i] + t_.work[i]);
        }
        std::ranges::sort(begins_);
        begins_.erase(std::unique(begins_.begin(), begins_.end()), begins_.end());
        const auto size = static_cast<Int>(begins_.size());
        const auto n = static_cast<Int>(t_.head.size() + t_.step_time.size());
        const Int each = n * std::bit_width(static_cast<std::uint64_t>(n));
        const Int stride = std::max<Int>(1, size * each / std::max<Int>(1, effort));
        for (Int k = 0; k < size; k += stride) {
            if (overloaded(begins_[static_cast<std::size_t>(k)], makespan)) {
                return true;
            }
        }
        return false;
    }

private:
    // From an instant on, the work to be done by then grows by so much per tick more.
    struct Bend {
        Int time, change;
    };

    // Whether there is too much work between `begin` and some later instant. For each task it is
    // the least of three: all of the interval, what is left at its beginning if the task starts
    // as early as it can, and what is done by its end if the task ends as late as it can.
    bool overloaded(Int begin, Int makespan) {
        bends_.clear();
        for (std::size_t i = 0; i < t_.head.size(); ++i) {
            const Int left = t_.work[i] - std::max<Int>(0, begin - t_.head[i]);
            if (left > 0 && t_.amount[i] > 0) {
                const Int from = std::max(begin, makespan - t_.tail[i] - t_.work[i]);
                bends_.push_back({from, t_.amount[i]});
                bends_.push_back({from + left, -t_.amount[i]});
            }
        }
        for (const Int time : t_.step_time) {
            if (time > begin) {
                bends_.push_back({time, 0});
            }
        }
        std::ranges::sort(bends_, {}, &Bend::time);
        const Int before = supply(begin);
        Int demand = 0, rate = 0, now = begin;
        for (const Bend& bend : bends_) {
            demand += rate * (bend.time - now);
            now = bend.time;
            rate += bend.change;
            if (demand > supply(now) - before) {
                return true;
            }
        }
        return false;
    }

    // What the resource can do until an instant.
    Int supply(Int time) const {
        const auto k = static_cast<std::size_t>(std::ranges::upper_bound(t_.step_time, time) -
                                                t_.step_time.begin()) - 1;
        const Int length = time - t_.step_time[k];
        return delivered_[k] + std::min(t_.step_capacity[k], MOST / (length + 1)) * length;
    }

    // More than all work, so that no sum of supplies overflows.
    static constexpr Int MOST = std::numeric_limits<Int>::max() / 4;

    const EnergyTables& t_;
    std::vector<Int> delivered_, begins_;
    std::vector<Bend> bends_;
};

}  // namespace

Int energetic_bound(const EnergyTables& tables, Int low, Int effort) {
    check(tables, low);
    Energy energy(tables);
    // Beyond this, all tasks could follow one another once the capacity no longer changes.
    Int far = low + tables.step_time.back();
    for (std::size_t i = 0; i < tables.head.size(); ++i) {
        far = std::max(far, tables.head[i] + tables.tail[i] + low + tables.step_time.back());
    }
    for (const Int work : tables.work) {
        far += work;
    }
    Int refuted = low - 1, step = 1;
    while (refuted + step < far && energy.refutes(refuted + step, effort)) {
        refuted += step;
        step *= 2;
    }
    Int possible = std::min(refuted + step, far);
    while (possible - refuted > 1) {
        const Int middle = refuted + (possible - refuted) / 2;
        (energy.refutes(middle, effort) ? refuted : possible) = middle;
    }
    return possible;
}

}  // namespace headway::search
