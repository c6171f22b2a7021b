#include "search/single/subsets.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <stdexcept>

namespace headway::search::single {

std::optional<Sequence> best_by_subsets(const Line& line, const StopFlag& stop) {
    const Index n = line.size();
    if (!line.is_separable() || n > MOST_SUBSET_JOBS) {
        throw std::invalid_argument("subsets: a separable line of few jobs is expected");
    }
    const std::uint32_t all = (1U << n) - 1;
    const auto lowest = [](std::uint32_t set) { return std::countr_zero(set); };
    std::vector<Int> least(std::size_t{all} + 1, 0), end(std::size_t{all} + 1, 0);
    std::vector<std::int8_t> last(std::size_t{all} + 1, 0);
    for (std::uint32_t set = 1; set <= all && set != 0; ++set) {
        if (set % (1U << 14) == 0 && stop.is_set()) {
            return std::nullopt;
        }
        end[set] = end[set & (set - 1)] + line.job(lowest(set)).work;
        Int best = std::numeric_limits<Int>::max();
        for (std::uint32_t left = set; left != 0; left &= left - 1) {
            const int j = lowest(left);
            const Int value = least[set & ~(1U << j)] + line.job(j).cost(end[set]);
            if (value < best) {
                best = value;
                last[set] = static_cast<std::int8_t>(j);
            }
        }
        least[set] = best;
    }
    Sequence answer{least[all] + line.overall().makespan * end[all], {}};
    for (std::uint32_t set = all; set != 0; set &= ~(1U << last[set])) {
        answer.order.push_back(last[set]);
    }
    std::reverse(answer.order.begin(), answer.order.end());
    return answer;
}

}  // namespace headway::search::single
