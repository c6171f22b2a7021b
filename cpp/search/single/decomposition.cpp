#include "search/single/decomposition.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace headway::search::single {
namespace {

using Index = std::uint32_t;

// Values of subproblems by what defines them, in open addressing.
class Memo {
public:
    struct Key {
        std::uint64_t jobs, start;
        bool operator==(const Key&) const = default;
    };
    struct Entry {
        Key key{NOTHING, 0};
        Int value = 0;
        Index place = 0;  // how many jobs the longest one follows
    };

    Memo() : table_(1U << 10) {}

    std::size_t size() const { return size_; }

    // The entry of a key, or where it goes.
    Entry& at(const Key& key) {
        std::size_t i = hash(key) & (table_.size() - 1);
        while (table_[i].key.jobs != NOTHING && table_[i].key != key) {
            i = (i + 1) & (table_.size() - 1);
        }
        return table_[i];
    }

    void insert(const Entry& entry) {
        if (2 * (size_ + 1) > table_.size()) {
            grow();
        }
        at(entry.key) = entry;
        ++size_;
    }

    static bool is_free(const Entry& entry) { return entry.key.jobs == NOTHING; }

private:
    static constexpr std::uint64_t NOTHING = std::numeric_limits<std::uint64_t>::max();

    static std::size_t hash(const Key& key) {
        std::uint64_t z = key.jobs * 0x9e3779b97f4a7c15U ^ (key.start + 0x7f4a7c15U);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return static_cast<std::size_t>(z ^ (z >> 31));
    }

    void grow() {
        std::vector<Entry> old(2 * table_.size());
        old.swap(table_);
        for (const Entry& entry : old) {
            if (!is_free(entry)) {
                at(entry.key) = entry;
            }
        }
    }

    std::vector<Entry> table_;
    std::size_t size_ = 0;
};

struct GaveUp {};

class Decomposition {
public:
    Decomposition(Ints work, Ints due, std::size_t states, const StopFlag& stop)
        : n_(work.size()), states_(states), stop_(&stop), job_(n_) {
        std::iota(job_.begin(), job_.end(), Int{0});
        const auto by_due = [&](Int a, Int b) {
            const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
            return std::pair(due[i], work[i]) < std::pair(due[j], work[j]);
        };
        std::stable_sort(job_.begin(), job_.end(), by_due);
        for (const Int job : job_) {
            work_.push_back(work[static_cast<std::size_t>(job)]);
            due_.push_back(due[static_cast<std::size_t>(job)]);
        }
        buffer_.resize(n_ * (n_ + 2));
    }

    Sequence solve() {
        Sequence answer;
        std::vector<Index> all(n_);
        std::iota(all.begin(), all.end(), Index{0});
        answer.value = value(all, 0, 0);
        answer.order.reserve(n_);
        sequence(all, 0, answer.order);
        for (Int& job : answer.order) {
            job = job_[static_cast<std::size_t>(job)];
        }
        return answer;
    }

private:
    using Jobs = std::span<const Index>;

    Int tardiness(Index job, Int end) const { return std::max(Int{0}, end - due_[job]); }

    Int total_work(Jobs jobs) const {
        Int sum = 0;
        for (const Index j : jobs) {
            sum += work_[j];
        }
        return sum;
    }

    // Jobs that are in time even at the very end go there.
    Jobs trimmed(Jobs jobs, Int start) const {
        Int end = start + total_work(jobs);
        while (!jobs.empty() && due_[jobs.back()] >= end) {
            end -= work_[jobs.back()];
            jobs = jobs.first(jobs.size() - 1);
        }
        return jobs;
    }

    // The total tardiness by due dates, if no order can beat it: if at most one job is late.
    std::optional<Int> by_due_date(Jobs jobs, Int start) const {
        Int sum = 0;
        int late = 0;
        for (const Index j : jobs) {
            start += work_[j];
            if (start > due_[j]) {
                sum += start - due_[j];
                if (++late > 1) {
                    return std::nullopt;
                }
            }
        }
        return sum;
    }

    // Where the longest job stands, the last one of them.
    std::size_t longest(Jobs jobs) const {
        std::size_t k = 0;
        for (std::size_t i = 1; i < jobs.size(); ++i) {
            if (work_[jobs[i]] >= work_[jobs[k]]) {
                k = i;
            }
        }
        return k;
    }

    // Calls `take(r, end)` for each r such that the longest job, k, may end at `end` directly
    // behind all others up to position r.
    template <class Take>
    void places(Jobs jobs, std::size_t k, Int start, Take&& take) const {
        Int end = start;
        for (std::size_t i = 0; i < k; ++i) {
            end += work_[jobs[i]];
        }
        Int least = std::numeric_limits<Int>::min();  // no job before k may end k earlier
        for (std::size_t r = k; r < jobs.size(); ++r) {
            end += work_[jobs[r]];
            if (r > k) {
                least = std::max(least, due_[jobs[r]] + work_[jobs[r]]);
            }
            const bool last = r + 1 == jobs.size();
            if (end >= least && (last || end < due_[jobs[r + 1]])) {
                take(r, end);
            }
        }
    }

    // A set is the jobs between its first and its last that are shorter than its longest.
    static Memo::Key key(Jobs jobs, std::size_t k, Int start) {
        return {(std::uint64_t{jobs.front()} << 42) | (std::uint64_t{jobs.back()} << 21) | jobs[k],
                static_cast<std::uint64_t>(start)};
    }

    // Writes all jobs up to position r but the one at k; returns them.
    static Jobs without(Jobs jobs, std::size_t k, std::size_t r, Index* room) {
        Index* end = std::copy_n(jobs.begin(), k, room);
        end = std::copy(jobs.begin() + static_cast<std::ptrdiff_t>(k) + 1,
                        jobs.begin() + static_cast<std::ptrdiff_t>(r) + 1, end);
        return {room, end};
    }

    Int value(Jobs jobs, Int start, std::size_t depth) {
        jobs = trimmed(jobs, start);
        if (const auto known = by_due_date(jobs, start)) {
            return *known;
        }
        const std::size_t k = longest(jobs);
        const Memo::Key where = key(jobs, k, start);
        if (const Memo::Entry& entry = memo_.at(where); !Memo::is_free(entry)) {
            return entry.value;
        }
        if (memo_.size() >= states_ || stop_->is_set()) {
            throw GaveUp{};
        }
        Memo::Entry best{where, std::numeric_limits<Int>::max(), 0};
        Index* room = buffer_.data() + depth * n_;
        places(jobs, k, start, [&](std::size_t r, Int end) {
            Int sum = tardiness(jobs[k], end);
            if (sum < best.value) {
                sum += value(jobs.subspan(r + 1), end, depth + 1);
            }
            if (sum < best.value) {
                const Jobs before = without(jobs, k, r, room);
                sum += value(before, start, depth + 1);
            }
            if (sum < best.value) {
                best.value = sum;
                best.place = static_cast<Index>(r);
            }
        });
        memo_.insert(best);
        return best.value;
    }

    void sequence(Jobs jobs, Int start, std::vector<Int>& order) {
        const Jobs body = trimmed(jobs, start);
        if (by_due_date(body, start)) {
            order.insert(order.end(), jobs.begin(), jobs.end());
            return;
        }
        const std::size_t k = longest(body);
        const std::size_t r = memo_.at(key(body, k, start)).place;
        std::vector<Index> room(body.size());
        const Jobs before = without(body, k, r, room.data());
        sequence(before, start, order);
        order.push_back(body[k]);
        sequence(body.subspan(r + 1), start + total_work(before) + work_[body[k]], order);
        order.insert(order.end(), jobs.begin() + static_cast<std::ptrdiff_t>(body.size()),
                     jobs.end());
    }

    std::size_t n_, states_;
    const StopFlag* stop_;
    std::vector<Int> job_, work_, due_;  // by due date, then by work
    Memo memo_;
    std::vector<Index> buffer_;
};

}  // namespace

std::optional<Sequence> least_total_tardiness(Ints work, Ints due, std::size_t states,
                                              const StopFlag& stop) {
    constexpr std::size_t MOST_JOBS = 1U << 12;
    if (work.size() != due.size()) {
        throw std::invalid_argument("total tardiness: columns of different lengths");
    }
    if (std::any_of(work.begin(), work.end(), [](Int p) { return p < 0; })) {
        throw std::invalid_argument("total tardiness: a negative processing time");
    }
    if (work.size() > MOST_JOBS) {
        return std::nullopt;
    }
    try {
        return Decomposition(work, due, states, stop).solve();
    } catch (const GaveUp&) {
        return std::nullopt;
    }
}

}  // namespace headway::search::single
