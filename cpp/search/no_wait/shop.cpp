#include "search/no_wait/shop.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>

namespace headway::search::no_wait {
namespace {

constexpr Int LONGEST_SCHEDULE = Int{1} << 42;
constexpr Int LARGEST_VALUE = Int{1} << 61;
constexpr std::size_t MOST_CONFLICTS = 8'000'000;

void refuse(const char* why) { throw std::invalid_argument(std::string("no-wait shop: ") + why); }

void check_lengths(const ShopTables& t) {
    const auto differ = [](Ints first, std::initializer_list<Ints> others) {
        return std::ranges::any_of(others, [&](Ints x) { return x.size() != first.size(); });
    };
    if (differ(t.item, {t.machine, t.offset, t.length}) ||
        differ(t.release, {t.span, t.weight, t.due, t.least}) ||
        differ(t.break_machine, {t.break_start, t.break_end})) {
        refuse("columns of one table differ in length");
    }
    const Int n = static_cast<Int>(t.release.size());
    if (n > 30'000 || t.item.size() >= (std::size_t{1} << 30)) {
        refuse("there are too many items");
    }
    if (std::ranges::any_of(t.item, [n](Int i) { return i < 0 || i >= n; })) {
        throw std::out_of_range("no-wait shop: a claim names an item that does not exist");
    }
    const Int most = static_cast<Int>(std::max<std::size_t>(t.item.size(), 1)) * 64;
    const auto no_machine = [most](Int machine) { return machine < 0 || machine >= most; };
    if (std::ranges::any_of(t.machine, no_machine) ||
        std::ranges::any_of(t.break_machine, no_machine)) {
        throw std::out_of_range("no-wait shop: machines are to be numbered from 0");
    }
}

void check_numbers(const ShopTables& t) {
    Int latest = 0;  // no schedule without needless waiting is longer
    const auto add = [&latest](Int value) {
        if (value < 0) {
            refuse("times and weights may not be negative");
        }
        latest += std::min(value, LONGEST_SCHEDULE);
        if (latest >= LONGEST_SCHEDULE) {
            refuse("times add up to 2^42 or more; choose a coarser tick");
        }
    };
    for (const Ints column : {t.release, t.span, t.break_end}) {
        std::ranges::for_each(column, add);
    }
    Int value = 0;
    for (std::size_t i = 0; i < t.weight.size(); ++i) {
        if (t.due[i] < -LARGEST_VALUE || t.due[i] > LARGEST_VALUE || t.least[i] > LARGEST_VALUE) {
            refuse("weights or due dates are too large");
        }
        const Int late = latest + std::max(std::abs(t.due[i]), t.least[i]);
        if (t.weight[i] < 0 || late > LARGEST_VALUE ||
            t.weight[i] > (LARGEST_VALUE - value) / std::max<Int>(late, 1)) {
            refuse("weights or due dates are too large");
        }
        value += t.weight[i] * late;
    }
    for (std::size_t k = 0; k < t.item.size(); ++k) {
        if (t.offset[k] < 0 || t.length[k] < 0 ||
            t.offset[k] > t.span[static_cast<std::size_t>(t.item[k])] ||
            t.length[k] > t.span[static_cast<std::size_t>(t.item[k])] - t.offset[k]) {
            refuse("a claim lies outside its item");
        }
    }
    for (std::size_t k = 0; k < t.break_start.size(); ++k) {
        if (t.break_start[k] >= t.break_end[k]) {
            refuse("a break ends before it starts");
        }
    }
}

// Sorts ranges from one position on and joins those without a gap between them.
void join(std::vector<Range>& ranges, std::size_t from) {
    std::sort(ranges.begin() + static_cast<std::ptrdiff_t>(from), ranges.end(),
              [](const Range& a, const Range& b) { return a.first < b.first; });
    std::size_t kept = from;
    for (std::size_t k = from; k < ranges.size(); ++k) {
        if (kept > from && ranges[k].first <= ranges[kept - 1].last + 1) {
            ranges[kept - 1].last = std::max(ranges[kept - 1].last, ranges[k].last);
        } else {
            ranges[kept++] = ranges[k];
        }
    }
    ranges.resize(kept);
}

}  // namespace

Shop::Shop(const ShopTables& tables) : total_(tables.total) {
    check_lengths(tables);
    check_numbers(tables);
    const auto copied = [](Ints column) { return std::vector<Time>(column.begin(), column.end()); };
    release_ = copied(tables.release);
    span_ = copied(tables.span);
    weight_ = copied(tables.weight);
    due_ = copied(tables.due);
    least_ = copied(tables.least);
    for (std::size_t k = 0; k < tables.item.size(); ++k) {
        claims_.push_back({static_cast<Index>(tables.item[k]),
                           static_cast<Index>(tables.machine[k]), tables.offset[k],
                           tables.length[k]});
    }
    std::ranges::stable_sort(claims_, {}, &Claim::item);
    const auto zero = [](Time time) { return time == 0; };
    reversible_ = !total_ && tables.break_start.empty() && std::ranges::all_of(release_, zero) &&
                  std::ranges::all_of(due_, zero) &&
                  std::ranges::all_of(weight_, [](Time weight) { return weight == 1; });
    if (!claims_.empty()) {
        const auto add = [](Time sum, const Claim& claim) { return sum + claim.length; };
        const Time work = std::accumulate(claims_.begin(), claims_.end(), Time{0}, add);
        grain_ = std::max<Time>(1, work / static_cast<Time>(claims_.size()));
    }
    if (!weight_.empty()) {
        const Time sum = std::accumulate(weight_.begin(), weight_.end(), Time{0});
        mean_weight_ = std::max<Time>(1, sum / static_cast<Time>(weight_.size()));
    }
    find_conflicts();
    find_breaks(tables);
}

// Claims [a, a + p) of item i and [b, b + q) of item j exclude one another if i starts at s and j
// at t with t + b < s + a + p and s + a < t + b + q, that is if a - b - q < t - s < a - b + p.
void Shop::find_conflicts() {
    const std::size_t n = release_.size();
    claim_ptr_.assign(n + 1, 0);
    Index machines = 0;
    for (const Claim& claim : claims_) {
        ++claim_ptr_[at(claim.item) + 1];
        machines = std::max(machines, claim.machine + 1);
    }
    std::partial_sum(claim_ptr_.begin(), claim_ptr_.end(), claim_ptr_.begin());
    std::vector<std::vector<const Claim*>> users(at(machines));
    for (const Claim& claim : claims_) {
        users[at(claim.machine)].push_back(&claim);
    }
    std::size_t conflicts = 0;
    for (const auto& row : users) {
        conflicts += row.size() * row.size();
    }
    if (conflicts > MOST_CONFLICTS || n * n > MOST_CONFLICTS) {
        refuse("more than 8 million pairs of tasks share a machine");
    }
    ptr_.assign(1, 0);
    ptr_.reserve(n * n + 1);
    std::vector<std::vector<Range>> found(n);
    for (Index i = 0; i < n_items(); ++i) {
        for (std::size_t k = claim_ptr_[at(i)]; k < claim_ptr_[at(i) + 1]; ++k) {
            const Claim& mine = claims_[k];
            for (const Claim* other : users[at(mine.machine)]) {
                const Time apart = mine.offset - other->offset;
                const Range range{apart - other->length + 1, apart + mine.length - 1};
                if (other == &mine || range.first > range.last) {
                    continue;
                }
                if (other->item == i && range.first <= 0 && range.last >= 0) {
                    refuse("two tasks that start at a fixed distance overlap on their machine");
                }
                if (other->item != i) {
                    found[at(other->item)].push_back(range);
                }
            }
        }
        for (auto& ranges : found) {
            join(ranges, 0);
            ranges_.insert(ranges_.end(), ranges.begin(), ranges.end());
            ptr_.push_back(ranges_.size());
            ranges.clear();
        }
    }
}

void Shop::find_breaks(const ShopTables& tables) {
    break_ptr_.assign(1, 0);
    for (Index i = 0; i < n_items(); ++i) {
        const std::size_t from = break_ranges_.size();
        for (std::size_t k = claim_ptr_[at(i)]; k < claim_ptr_[at(i) + 1]; ++k) {
            const Claim& mine = claims_[k];
            for (std::size_t b = 0; b < tables.break_start.size(); ++b) {
                const Range range{tables.break_start[b] - mine.offset - mine.length + 1,
                                  tables.break_end[b] - mine.offset - 1};
                if (tables.break_machine[b] == mine.machine && range.first <= range.last) {
                    break_ranges_.push_back(range);
                }
            }
        }
        join(break_ranges_, from);
        break_ptr_.push_back(break_ranges_.size());
    }
}

Shop Shop::reversed() const {
    Shop shop(*this);
    for (Claim& claim : shop.claims_) {
        claim.offset = span_[at(claim.item)] - claim.offset - claim.length;
    }
    shop.ranges_.clear();
    shop.find_conflicts();
    return shop;
}

}  // namespace headway::search::no_wait
