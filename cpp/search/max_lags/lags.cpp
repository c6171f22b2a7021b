#include "search/max_lags/lags.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "grouped.hpp"
#include "search/checks.hpp"

namespace headway::search::max_lags {
namespace {

// What is smaller is NO_PATH plus the length of some path.
constexpr Time SHORTEST_PATH = NO_PATH / 2;
constexpr std::size_t MOST_TASKS = 4096;

project::Project shared_work(const LagTables& tables) {
    require(tables.duration.size() == tables.release.size() && tables.duration.size() <= MOST_TASKS,
            "lags: a task has no duration or no release, or there are too many of them");
    std::vector<Int> modes(tables.duration.size() + 1);
    std::iota(modes.begin(), modes.end(), Int{0});
    const std::vector<Int> none(modes.size());
    return project::Project({modes, tables.duration, tables.release, tables.need_ptr,
                             tables.need_resource, tables.need_amount, none, {}, {}, {},
                             tables.step_ptr, tables.step_time, tables.step_capacity, {}, {}, {},
                             {}, {}});
}

void check_arcs(const LagTables& t, Int horizon) {
    require(t.before.size() == t.after.size() && t.before.size() == t.lag.size(),
            "lags: columns of one table differ in length");
    const Int n = static_cast<Int>(t.duration.size());
    Int total = horizon;
    for (std::size_t a = 0; a < t.lag.size(); ++a) {
        if (std::min(t.before[a], t.after[a]) < 0 || std::max(t.before[a], t.after[a]) >= n ||
            t.lag[a] < -LONGEST || t.lag[a] > LONGEST) {
            throw std::out_of_range("lags: a number is out of range");
        }
        total += std::abs(t.lag[a]);
    }
    require(total < LONGEST, "lags: durations, releases and lags add up to 2^28 or more;"
                             " choose a coarser tick");
}

// Transposes a square matrix.
std::vector<Time> transposed(const std::vector<Time>& matrix, std::size_t n) {
    std::vector<Time> result(matrix.size());
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            result[j * n + i] = matrix[i * n + j];
        }
    }
    return result;
}

project::Network network(std::size_t n, const std::vector<std::pair<Index, Index>>& pairs) {
    return grouped(
        n, pairs.size(), [&](std::size_t k) { return pairs[k].first; },
        [&](std::size_t k) { return project::Link{pairs[k].second, 0, 0, 0}; });
}

}  // namespace

LagProject::LagProject(const LagTables& tables) : work_(shared_work(tables)) {
    check_arcs(tables, work_.horizon());
    close(tables);
    arrange();
}

// Longest paths between all pairs (Floyd and Warshall).
void LagProject::close(const LagTables& tables) {
    const std::size_t n = at(n_tasks());
    path_.assign(n * n, NO_PATH);
    for (std::size_t i = 0; i < n; ++i) {
        path_[i * n + i] = 0;
    }
    for (std::size_t a = 0; a < tables.lag.size(); ++a) {
        Time& length = path_[static_cast<std::size_t>(tables.before[a]) * n +
                             static_cast<std::size_t>(tables.after[a])];
        length = std::max(length, static_cast<Time>(tables.lag[a]));
    }
    for (std::size_t k = 0; k < n; ++k) {
        const Time* through = path_.data() + k * n;
        for (std::size_t i = 0; i < n; ++i) {
            // Paths grow without end along a cycle of positive length, so none may be there.
            require(path_[i * n + i] <= 0, "lags: relations contradict one another");
            const Time first = path_[i * n + k];
            if (first <= SHORTEST_PATH || i == k) {
                continue;
            }
            Time* from = path_.data() + i * n;
            for (std::size_t j = 0; j < n; ++j) {
                from[j] = std::max(from[j], first + through[j]);
            }
        }
    }
    for (std::size_t i = 0; i < n; ++i) {
        require(path_[i * n + i] <= 0, "lags: relations contradict one another");
    }
    std::ranges::replace_if(path_, [](Time t) { return t <= SHORTEST_PATH; }, NO_PATH);
    reverse_ = transposed(path_, n);
}

void LagProject::arrange() {
    const std::size_t n = at(n_tasks());
    const auto precedes = [&](std::size_t i, std::size_t j) {
        const Time there = path_[i * n + j], back = path_[j * n + i];
        return there > 0 || (there == 0 && back < 0);
    };
    head_.resize(n);
    tail_.resize(n);
    component_.resize(n);
    std::vector<std::vector<bool>> first(n, std::vector<bool>(n));
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    for (std::size_t i = 0; i < n; ++i) {
        std::size_t same = i;
        for (std::size_t j = n; j-- > 0;) {
            const Time there = path_[i * n + j], back = path_[j * n + i];
            head_[i] = std::max(head_[i], work_.release(static_cast<Index>(j)) + back);
            tail_[i] = std::max(tail_[i], duration(static_cast<Index>(j)) + there);
            same = there > NO_PATH && back > NO_PATH ? j : same;
            first[i][j] = precedes(i, j);
        }
        component_[i] = static_cast<Index>(same);
    }
    // Few of the pairs say everything; the fewer, the quicker lists are sorted.
    std::vector<std::pair<Index, Index>> waits, precedents;
    for (std::size_t i = 0; i < n; ++i) {
        std::vector<std::size_t> later;
        for (std::size_t j = 0; j < n; ++j) {
            if (first[i][j]) {
                later.push_back(j);
            }
        }
        for (const std::size_t j : later) {
            if (std::ranges::none_of(later, [&](std::size_t k) { return first[k][j]; })) {
                waits.emplace_back(static_cast<Index>(j), static_cast<Index>(i));
                precedents.emplace_back(static_cast<Index>(i), static_cast<Index>(j));
            }
        }
    }
    forward_ = network(n, waits);
    backward_ = network(n, precedents);
}

}  // namespace headway::search::max_lags
