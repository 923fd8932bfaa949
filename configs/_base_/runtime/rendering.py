# What every run of a method that renders persons into other contexts shares: as default.py, but nothing is tested; a picture after each epoch.
default_scope = "reidzoo"
randomness = dict(seed=0)
log_level = "INFO"
log_processor = dict(type="LogProcessor", window_size=10, by_epoch=True)
visualizer = dict(type="Visualizer", vis_backends=[dict(type="LocalVisBackend"), dict(type="TensorboardVisBackend")])
default_hooks = dict(
    logger=dict(type="LoggerHook", interval=10),
    checkpoint=dict(type="CheckpointHook", interval=1, max_keep_ckpts=1),
)
custom_hooks = [dict(type="RenderingGridHook")]
env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method="fork", opencv_num_threads=0),
    dist_cfg=dict(backend="nccl"),  # gloo is chosen where there is no GPU
)
