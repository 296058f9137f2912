// The settings, the data and the net of the playground as Python code for the library.

const list = (numbers) => `[${Array.from(numbers, (x) => (Number.isFinite(x) ? String(x) : "float('nan')")).join(", ")}]`;

const OPTIMIZERS = {
  sgd: (lr) => `nn.SGD(lr=${lr})`, momentum: (lr) => `nn.SGD(lr=${lr}, momentum=0.9)`,
  nesterov: (lr) => `nn.SGD(lr=${lr}, momentum=0.9, nesterov=True)`, adam: (lr) => `nn.Adam(lr=${lr})`, adamw: (lr) => `nn.AdamW(lr=${lr})`,
  rmsprop: (lr) => `nn.RMSprop(lr=${lr})`, adagrad: (lr) => `nn.Adagrad(lr=${lr})`,
};

/** Write Python that makes the same model, with the weights as they are, and goes on training it. */
export function pythonCode({ state, net, data, epoch }) {
  const train = data.filter((point) => !point.test), test = data.filter((point) => point.test);
  const target = (point) => (state.problem !== "classes" ? point.value : state.loss === "mse" || state.loss.includes("hinge") ? point.value : Number(point.value > 0));
  const rows = (points) => `[${points.map((point) => `[${point.x}, ${point.y}, ${target(point)}]`).join(", ")}]`;
  const weights = [];
  for (let k = 0; k < net.layers; k++) {
    const inputs = Array.from({ length: net.sizes[k] }, (_, p) => list(Array.from({ length: net.sizes[k + 1] }, (none, j) => net.P[net.weight(k, p, j)])));
    weights.push(`    [[${inputs.join(", ")}], ${list(Array.from({ length: net.sizes[k + 1] }, (_, j) => net.P[net.bias(k, j)]))}],`);
  }
  const penalty = state.penalty !== "none" && state.alpha ? `, penalty=nn.${state.penalty}(${state.alpha})` : "";
  return `import numpy as np
from chalkgrad import nn

train = np.array(${rows(train)})
test = np.array(${rows(test)})
weights = [  # after ${epoch} epochs: of each layer the weights, inputs by units, and the biases
${weights.join("\n")}
]
net = nn.TensorMLP(${state.features.length}, [${[...state.hidden, 1].join(", ")}], "${state.activation}")
for layer, (weight, bias) in zip([part for part in net if isinstance(part, nn.Linear)], weights):
    layer.weight.data, layer.bias.data = np.array(weight), np.array(bias)
model = nn.Sequential(nn.Features(${state.features.map((name) => `"${name}"`).join(", ")}), *net)
loss = nn.losses.LOSSES["${state.loss}"]
print("training loss", loss(model(train[:, :2])[:, 0], train[:, 2]).item())

# and on from here:
# nn.fit(model, train[:, :2], train[:, 2], "${state.loss}", optimizer=${OPTIMIZERS[state.optimizer](state.lr)},
#        epochs=100, batch_size=${state.batch}${penalty}, rng=${state.seed})
`;
}
