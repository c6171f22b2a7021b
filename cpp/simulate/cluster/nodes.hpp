// Nodes with processors, memory and shares of GPUs, and where on them a task goes.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "base.hpp"
#include "search/random.hpp"

namespace headway::simulate {

inline constexpr Int WHOLE = 1000;     // thousandths that make a GPU
inline constexpr Int MOST_GPUS = 16;

// Columns of one entry per node. A model is a number from 0 to 62.
struct NodeTable {
    Ints cpu;
    Ints memory;
    Ints gpus;
    Ints model;
};

// Columns of one entry per kind of task. `accepts` has a bit for each model that will do; `weight`
// says how often the kind comes in the mix that fragmentation is measured by, 0 for never.
struct KindTable {
    Ints cpu;
    Ints memory;
    Ints gpus;
    Ints share;
    Ints accepts;
    Ints weight;
};

enum class Choice {
    FIRST_FIT,      // the first node
    BEST_FIT,       // the node with the least left
    DOT_PRODUCT,    // the node with the smallest product of what is left and what is asked for
    FRAGMENTATION,  // where the least becomes unusable to the mix
    RANDOM,
};

struct Place {
    Int node;
    Int gpus;  // a bit each
};

class Cluster {
public:
    // Throws std::invalid_argument if a column does not fit.
    Cluster(const NodeTable& nodes, const KindTable& kinds, Choice choice, std::uint64_t seed);

    // Puts a task of a kind somewhere, if there is room.
    std::optional<Place> place(Int kind);
    void release(Int kind, Place place);

    // Thousandths of GPUs that nobody uses.
    Int free() const { return free_; }
    // Those of them that a task of the mix cannot use, summed over the mix.
    Int fragments() const { return fragments_; }

private:
    struct Node {
        Int cpu;
        Int memory;
        Int model;
        Int n_gpus;
        std::array<Int, MOST_GPUS> free;
        Int fragments;
        std::uint32_t version;  // grows with every change
    };

    struct Kind {
        Int cpu;
        Int memory;
        Int gpus;
        Int share;
        Int accepts;
        std::size_t need;  // position in needs_
    };

    // What kinds of the mix ask of GPUs, each once.
    struct Need {
        Int gpus;
        Int share;
    };

    struct Part {
        Int cpu;
        Int memory;
        Int accepts;
        Int weight;
        std::size_t need;
    };

    // What it costs to put a kind on a node, as long as the node does not change.
    struct Cost {
        std::uint32_t version = 0;
        bool fits = false;
        std::int32_t gpu = 0;
        Int value = 0;
    };

    static bool gpus_fit(const Node& node, Int gpus, Int share);
    static bool fits(const Node& node, const Kind& kind);
    static Int tightest(const Node& node, const Kind& kind);
    Int fragments_of(const Node& node);
    Int rest(const Node& node) const;
    Int alignment(const Node& node, const Kind& kind) const;
    const Cost& cost(std::size_t kind, std::size_t node);
    std::optional<std::size_t> choose(std::size_t kind);
    Int gpus_on(std::size_t node, std::size_t kind);
    void change(std::size_t node, const Kind& kind, Int gpus, Int sign);

    std::vector<Node> nodes_;
    std::vector<Kind> kinds_;
    std::vector<Need> needs_;
    std::vector<Part> mix_;
    std::vector<Int> unusable_;  // room for one entry per need
    std::vector<Cost> costs_;
    Choice choice_;
    search::Random random_;
    Int most_cpu_ = 1;
    Int most_memory_ = 1;
    Int most_gpus_ = 1;
    Int free_ = 0;
    Int fragments_ = 0;
};

}  // namespace headway::simulate
