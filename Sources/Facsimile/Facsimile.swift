// One import for a Swift user: models, data, pictures, training, and the devices to run them on.
@_exported import Backends
@_exported import Datasets
@_exported import Models
@_exported import Pictures
@_exported import Programs
@_exported import Storage
@_exported import Training
