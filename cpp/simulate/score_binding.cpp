#include "simulate/binding.hpp"
#include "simulate/score.hpp"

namespace headway {

using namespace nb::literals;
using simulate::Score;

void bind_score(nb::module_& module) {
    nb::class_<Score>(module, "Score", "Weighted sum of postfix programs over columns.")
        .def(
            "__init__",
            [](Score* self, InArray<Int> code, InArray<Int> argument, InArray<double> constants,
               InArray<Int> first, InArray<double> weights, Int n_columns) {
                new (self) Score({view(code), view(argument), view(constants), view(first),
                                  view(weights), n_columns});
            },
            "code"_a, "argument"_a, "constants"_a, "first"_a, "weights"_a, "n_columns"_a);
}

}  // namespace headway
