#include "simulate/cluster/nodes.hpp"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <string>

namespace headway::simulate {
namespace {

constexpr Int MOST = Int{1} << 40;
constexpr Int MOST_TASKS = Int{1} << 30;
constexpr Int SCALE = 1 << 16;  // parts of a resource are compared in so many steps

void require(bool holds, const char* what) {
    if (!holds) {
        throw std::invalid_argument(std::string("cluster: ") + what);
    }
}

bool within(Ints column, Int low, Int high) {
    return std::ranges::all_of(column, [=](Int x) { return low <= x && x <= high; });
}

bool accepted(Int accepts, Int model) { return (accepts >> model & 1) != 0; }

}  // namespace

Cluster::Cluster(const NodeTable& nodes, const KindTable& kinds, Choice choice,
                 std::uint64_t seed)
    : choice_(choice), random_(seed) {
    const std::size_t n = nodes.cpu.size();
    require(n < (std::size_t{1} << 30), "too many nodes");
    require(nodes.memory.size() == n && nodes.gpus.size() == n && nodes.model.size() == n,
            "columns of nodes of different lengths");
    require(within(nodes.cpu, 0, MOST) && within(nodes.memory, 0, MOST) &&
                within(nodes.gpus, 0, MOST_GPUS) && within(nodes.model, 0, 62),
            "a node out of range");
    const std::size_t m = kinds.cpu.size();
    require(kinds.memory.size() == m && kinds.gpus.size() == m && kinds.share.size() == m &&
                kinds.accepts.size() == m && kinds.weight.size() == m,
            "columns of kinds of different lengths");
    require(within(kinds.cpu, 0, MOST) && within(kinds.memory, 0, MOST) &&
                within(kinds.gpus, 0, MOST_GPUS) && within(kinds.share, 0, WHOLE) &&
                within(kinds.accepts, 0, INT64_MAX) && within(kinds.weight, 0, MOST_TASKS),
            "a kind out of range");
    for (std::size_t k = 0; k < m; ++k) {
        require(kinds.gpus[k] == 0 || kinds.share[k] > 0, "a kind that asks for no share");
        require(kinds.gpus[k] <= 1 || kinds.share[k] == WHOLE, "a kind with shares of several");
        Kind kind{kinds.cpu[k], kinds.memory[k], kinds.gpus[k], kinds.share[k], kinds.accepts[k], 0};
        // Tasks without GPUs find every GPU useless, wherever others are put.
        if (kinds.weight[k] > 0 && kind.gpus > 0) {
            const auto known = std::ranges::find_if(needs_, [&](const Need& need) {
                return need.gpus == kind.gpus && need.share == kind.share;
            });
            kind.need = static_cast<std::size_t>(known - needs_.begin());
            if (known == needs_.end()) {
                needs_.push_back({kind.gpus, kind.share});
            }
            mix_.push_back({kind.cpu, kind.memory, kind.accepts, kinds.weight[k], kind.need});
        }
        kinds_.push_back(kind);
    }
    unusable_.resize(needs_.size());
    for (std::size_t k = 0; k < n; ++k) {
        Node node{nodes.cpu[k], nodes.memory[k], nodes.model[k], nodes.gpus[k], {}, 0, 1};
        std::fill_n(node.free.begin(), node.n_gpus, WHOLE);
        node.fragments = fragments_of(node);
        fragments_ += node.fragments;
        free_ += node.n_gpus * WHOLE;
        most_cpu_ = std::max(most_cpu_, node.cpu);
        most_memory_ = std::max(most_memory_, node.memory);
        most_gpus_ = std::max(most_gpus_, node.n_gpus * WHOLE);
        nodes_.push_back(node);
    }
    costs_.resize(choice_ == Choice::FRAGMENTATION ? n * m : 0);
}

bool Cluster::gpus_fit(const Node& node, Int gpus, Int share) {
    Int found = 0;
    for (Int g = 0; g < node.n_gpus && found < gpus; ++g) {
        found += node.free[static_cast<std::size_t>(g)] >= share ? 1 : 0;
    }
    return found >= gpus;
}

bool Cluster::fits(const Node& node, const Kind& kind) {
    return node.cpu >= kind.cpu && node.memory >= kind.memory &&
           accepted(kind.accepts, node.model) && gpus_fit(node, kind.gpus, kind.share);
}

// The GPU with the smallest rest that is enough, for a kind that wants a share of one.
Int Cluster::tightest(const Node& node, const Kind& kind) {
    Int best = ABSENT;
    for (Int g = 0; g < node.n_gpus; ++g) {
        const Int free = node.free[static_cast<std::size_t>(g)];
        if (free >= kind.share &&
            (best == ABSENT || free < node.free[static_cast<std::size_t>(best)])) {
            best = g;
        }
    }
    return best;
}

Int Cluster::fragments_of(const Node& node) {
    Int all = 0;
    for (Int g = 0; g < node.n_gpus; ++g) {
        all += node.free[static_cast<std::size_t>(g)];
    }
    for (std::size_t k = 0; k < needs_.size(); ++k) {
        const auto [gpus, share] = needs_[k];
        Int small = 0;
        for (Int g = 0; g < node.n_gpus; ++g) {
            const Int free = node.free[static_cast<std::size_t>(g)];
            small += free < share ? free : 0;
        }
        unusable_[k] = gpus_fit(node, gpus, share) ? small : all;
    }
    Int total = 0;
    for (const Part& part : mix_) {
        const bool room = part.cpu <= node.cpu && part.memory <= node.memory &&
                          accepted(part.accepts, node.model);
        total += part.weight * (room ? unusable_[part.need] : all);
    }
    return total;
}

// What is left of a node, each resource as a part of the largest node's.
Int Cluster::rest(const Node& node) const {
    Int gpu = 0;
    for (Int g = 0; g < node.n_gpus; ++g) {
        gpu += node.free[static_cast<std::size_t>(g)];
    }
    return node.cpu * SCALE / most_cpu_ + node.memory * SCALE / most_memory_ +
           gpu * SCALE / most_gpus_;
}

Int Cluster::alignment(const Node& node, const Kind& kind) const {
    Int gpu = 0;
    for (Int g = 0; g < node.n_gpus; ++g) {
        gpu += node.free[static_cast<std::size_t>(g)];
    }
    return (node.cpu * SCALE / most_cpu_) * (kind.cpu * SCALE / most_cpu_) +
           (node.memory * SCALE / most_memory_) * (kind.memory * SCALE / most_memory_) +
           (gpu * SCALE / most_gpus_) * (kind.gpus * kind.share * SCALE / most_gpus_);
}

// How much more of a node becomes unusable to the mix, by the best choice of a GPU.
const Cluster::Cost& Cluster::cost(std::size_t kind, std::size_t number) {
    Cost& known = costs_[kind * nodes_.size() + number];
    const Node& node = nodes_[number];
    if (known.version == node.version) {
        return known;
    }
    known = {node.version, fits(node, kinds_[kind]), 0, INT64_MAX};
    if (!known.fits) {
        return known;
    }
    const Kind& wanted = kinds_[kind];
    Node after = node;
    after.cpu -= wanted.cpu;
    after.memory -= wanted.memory;
    if (wanted.gpus != 1 || wanted.share == WHOLE) {
        Int left = wanted.gpus;
        for (std::size_t g = 0; left > 0; ++g) {
            if (after.free[g] == WHOLE) {
                after.free[g] = 0;
                --left;
            }
        }
        known.value = fragments_of(after) - node.fragments;
        return known;
    }
    for (std::size_t g = 0; g < static_cast<std::size_t>(node.n_gpus); ++g) {
        const Int free = node.free[g];
        // GPUs with the same rest are as good as each other.
        const auto* same = std::find(node.free.data(), node.free.data() + g, free);
        if (free < wanted.share || same != node.free.data() + g) {
            continue;
        }
        after.free[g] = free - wanted.share;
        const Int value = fragments_of(after) - node.fragments;
        after.free[g] = free;
        if (value < known.value) {
            known.value = value;
            known.gpu = static_cast<std::int32_t>(g);
        }
    }
    return known;
}

std::optional<std::size_t> Cluster::choose(std::size_t kind) {
    const Kind& wanted = kinds_[kind];
    std::optional<std::size_t> best;
    Int least = 0;
    std::int32_t seen = 0;
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
        Int value = 0;
        if (choice_ == Choice::FRAGMENTATION) {
            const Cost& known = cost(kind, k);
            if (!known.fits) {
                continue;
            }
            value = known.value;
        } else if (!fits(nodes_[k], wanted)) {
            continue;
        } else if (choice_ == Choice::FIRST_FIT) {
            return k;
        } else if (choice_ == Choice::BEST_FIT) {
            value = rest(nodes_[k]);
        } else if (choice_ == Choice::DOT_PRODUCT) {
            value = alignment(nodes_[k], wanted);
        } else {
            // Each of those that fit is kept with the same probability in the end.
            value = random_.below(++seen) == 0 ? -seen : 0;
        }
        if (!best || value < least) {
            best = k;
            least = value;
        }
    }
    return best;
}

Int Cluster::gpus_on(std::size_t number, std::size_t kind) {
    const Kind& wanted = kinds_[kind];
    const Node& node = nodes_[number];
    if (wanted.gpus == 1 && wanted.share < WHOLE) {
        const Int gpu = choice_ == Choice::FRAGMENTATION ? costs_[kind * nodes_.size() + number].gpu
                                                         : tightest(node, wanted);
        return Int{1} << gpu;
    }
    Int mask = 0;
    for (Int g = 0; std::popcount(static_cast<std::uint64_t>(mask)) < wanted.gpus; ++g) {
        mask |= node.free[static_cast<std::size_t>(g)] == WHOLE ? Int{1} << g : 0;
    }
    return mask;
}

void Cluster::change(std::size_t number, const Kind& kind, Int gpus, Int sign) {
    Node& node = nodes_[number];
    node.cpu -= sign * kind.cpu;
    node.memory -= sign * kind.memory;
    for (std::size_t g = 0; gpus >> g != 0; ++g) {
        if ((gpus >> g & 1) != 0) {
            node.free[g] -= sign * kind.share;
            free_ -= sign * kind.share;
        }
    }
    ++node.version;
    fragments_ -= node.fragments;
    node.fragments = fragments_of(node);
    fragments_ += node.fragments;
}

std::optional<Place> Cluster::place(Int kind) {
    require(kind >= 0 && kind < static_cast<Int>(kinds_.size()), "there is no such kind");
    const auto which = static_cast<std::size_t>(kind);
    const auto node = choose(which);
    if (!node) {
        return std::nullopt;
    }
    const Int gpus = gpus_on(*node, which);
    change(*node, kinds_[which], gpus, 1);
    return Place{static_cast<Int>(*node), gpus};
}

void Cluster::release(Int kind, Place place) {
    require(kind >= 0 && kind < static_cast<Int>(kinds_.size()), "there is no such kind");
    require(place.node >= 0 && place.node < static_cast<Int>(nodes_.size()),
            "there is no such node");
    const Kind& wanted = kinds_[static_cast<std::size_t>(kind)];
    const Node& node = nodes_[static_cast<std::size_t>(place.node)];
    require(place.gpus >= 0 && place.gpus >> node.n_gpus == 0 &&
                std::popcount(static_cast<std::uint64_t>(place.gpus)) == wanted.gpus,
            "these are not the GPUs of such a task");
    for (std::size_t g = 0; place.gpus >> g != 0; ++g) {
        require((place.gpus >> g & 1) == 0 || node.free[g] + wanted.share <= WHOLE,
                "no such task is there");
    }
    change(static_cast<std::size_t>(place.node), wanted, place.gpus, -1);
}

}  // namespace headway::simulate
